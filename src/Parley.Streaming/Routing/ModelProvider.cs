using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Parley.Streaming.Providers;
using Parley.Streaming.Providers.OpenAI;

namespace Parley.Streaming.Routing;

/// <summary>One configured provider at work: its HTTP client, and the models that it listed last.</summary>
internal sealed class ModelProvider : IDisposable
{
    private const int MaxModels = 1000;
    private const int MaxListBytes = 4 * 1024 * 1024;
    private static readonly TimeSpan ListTimeout = TimeSpan.FromSeconds(3);
    private static readonly SearchValues<string> NoChat = SearchValues.Create(
        ["embed", "whisper", "tts", "dall-e", "moderation", "realtime", "transcribe", "-image", "rerank", "babbage", "davinci-002"],
        StringComparison.OrdinalIgnoreCase);

    private readonly ProviderEndpoint _endpoint;
    private readonly OpenAIClientOptions _client;
    private readonly HttpClient _http;
    private readonly bool _lists;
    private volatile string[] _listed = [];

    public ModelProvider(string name, ProviderOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        Name = name;
        Configured = [.. options.Models.Distinct(StringComparer.Ordinal)];
        Capabilities = new ModelCapabilities(options.AcceptsPrefix);
        _lists = options.ListModels;
        _endpoint = new ProviderEndpoint
        {
            Name = name,
            BaseUrl = new Uri(options.BaseUrl!),
            ApiKey = options.ApiKey,
            Headers = new Dictionary<string, string>(options.Headers, StringComparer.OrdinalIgnoreCase),
            MaxFrameBytes = options.MaxFrameBytes,
            UseProxy = options.UseProxy,
            Time = time,
            Logger = loggers.CreateLogger<ModelProvider>(),
            Timeouts = new ProviderTimeouts
            {
                Connect = options.ConnectTimeout,
                FirstToken = options.FirstTokenTimeout,
                Idle = options.IdleTimeout,
                Total = options.TotalTimeout,
            },
        };
        _client = new OpenAIClientOptions
        {
            IncludeUsage = options.IncludeUsage,
            PrefixStyle = options.PrefixStyle,
            UseMaxCompletionTokens = options.UseMaxCompletionTokens ?? _endpoint.BaseUrl.Host == "api.openai.com",
        };
        _http = _endpoint.CreateHttpClient();
    }

    public string Name { get; }

    public IReadOnlyList<string> Configured { get; }

    /// <summary>What the provider listed and the configuration does not name.</summary>
    public IReadOnlyList<string> Listed => _listed;

    public ModelCapabilities Capabilities { get; }

    public string? DefaultModel => Configured.Count > 0 ? Configured[0] : _listed.FirstOrDefault();

    public bool Has(string model) => Configured.Contains(model) || _listed.Contains(model);

    public IChatClient CreateClient(string model) => new OpenAIChatClient(_http, _endpoint, model, _client);

    /// <summary>Asks the provider for its models. A failure leaves the last list as it is.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        if (!_lists)
            return;
        using var timeout = new CancellationTokenSource(ListTimeout, _endpoint.Time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        try
        {
            using var request = _endpoint.CreateRequest(HttpMethod.Get, "/models");
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, linked.Token).ConfigureAwait(false);
            if (response.StatusCode != System.Net.HttpStatusCode.OK)
                throw await ProviderErrors.FromResponseAsync(_endpoint, response, linked.Token).ConfigureAwait(false);
            var body = await ReadAsync(response, linked.Token).ConfigureAwait(false);
            _listed = [.. Parse(body).Except(Configured).Take(MaxModels)];
        }
        catch (Exception e) when (e is ProviderException or HttpRequestException or IOException or JsonException or OperationCanceledException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (e is not ProviderException)
                _endpoint.Fail(ProviderErrors.FromTransport(e) ?? ProviderFailure.UnexpectedContent, $"models: {e.GetType().Name}");
        }
    }

    public void Dispose() => _http.Dispose();

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        using var body = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
        {
            body.Write(buffer, 0, read);
            if (body.Length > MaxListBytes)
                throw new IOException("The list of models is too large.");
        }
        return body.ToArray();
    }

    private static IEnumerable<string> Parse(ReadOnlyMemory<byte> body)
    {
        using var json = JsonDocument.Parse(body);
        var list = json.RootElement;
        if (list.ValueKind == JsonValueKind.Object && !list.TryGetProperty("data", out list) && !json.RootElement.TryGetProperty("models", out list))
            yield break;
        if (list.ValueKind != JsonValueKind.Array)
            yield break;
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("id", out var id) || id.ValueKind != JsonValueKind.String)
                continue;
            // Google lists models/<name>, and takes the name alone.
            var name = id.GetString()!;
            name = name.StartsWith("models/", StringComparison.Ordinal) ? name["models/".Length..] : name;
            if (ModelRouter.IsModelName(name) && !name.AsSpan().ContainsAny(NoChat))
                yield return name;
        }
    }
}
