using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Parley.EndToEnd;

/// <summary>The client of one user: a cookie, and the routes that the tests use.</summary>
public sealed class ApiClient : IDisposable
{
    private readonly HttpClient _http;

    /// <param name="cookies">Those of the same person at another address; default none.</param>
    public ApiClient(Uri address, CookieContainer? cookies = null)
    {
        Cookies = cookies ?? new CookieContainer();
        _http = new HttpClient(new SocketsHttpHandler { CookieContainer = Cookies, ConnectTimeout = TimeSpan.FromSeconds(10) })
        {
            BaseAddress = address,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public CookieContainer Cookies { get; }

    /// <summary>Gets the cookie, so that all further requests are of one user.</summary>
    public async Task<string> SignInAsync(CancellationToken cancellationToken)
    {
        using var created = await _http.PostAsJsonAsync("/api/v1/conversations", new { title = "first" }, cancellationToken);
        created.EnsureSuccessStatusCode();
        return (await GetAsync("/api/v1/me", cancellationToken)).GetProperty("id").GetString()!;
    }

    public async Task<HttpResponseMessage> AskAsync(
        string message,
        string? key,
        CancellationToken cancellationToken,
        string model = "scripted"
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/chat") { Content = JsonContent.Create(new { message, model }) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public async Task<HttpResponseMessage> FollowAsync(
        string generationId,
        long? after,
        CancellationToken cancellationToken,
        string format = "native"
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/generations/{generationId}/events?format={format}");
        if (after is { } position)
        {
            request.Headers.Add("Last-Event-ID", position.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public async Task<HttpResponseMessage> PostAsync(string path, object body, CancellationToken cancellationToken, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>The response, whatever its status is.</summary>
    public Task<HttpResponseMessage> SendGetAsync(string path, CancellationToken cancellationToken) =>
        _http.GetAsync(path, cancellationToken);

    public async Task<JsonElement> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var response = await _http.GetAsync(path, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        if (!response.IsSuccessStatusCode)
        {
            throw new ViolationException($"GET {path} answered {(int)response.StatusCode}: {body}");
        }

        return JsonElement.Parse(body);
    }

    /// <summary>Everything that the server has of a generation, from the beginning to its end.</summary>
    public async Task<ShownLog> ReadWholeAsync(string generationId, CancellationToken cancellationToken)
    {
        var whole = new ShownLog();
        using var response = await FollowAsync(generationId, null, cancellationToken);
        await ShowAsync(response, whole, cancellationToken);
        return whole;
    }

    /// <summary>Follows from where <paramref name="shown"/> is, until the stream ends or is cut.</summary>
    public async Task ResumeAsync(string generationId, ShownLog shown, CancellationToken cancellationToken)
    {
        using var response = await FollowAsync(
            generationId,
            shown.HasStarted || shown.Position > 0 ? shown.Position : null,
            cancellationToken
        );
        await ShowAsync(response, shown, cancellationToken);
    }

    /// <summary>Adds to <paramref name="shown"/> what comes, until the stream ends.</summary>
    public static async Task ShowAsync(HttpResponseMessage response, ShownLog shown, CancellationToken cancellationToken)
    {
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new ViolationException(
                $"an event stream was answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(cancellationToken)}"
            );
        }

        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (var next in EventReader.ReadAsync(stream, cancellationToken))
        {
            shown.Add(next);
        }
    }

    public void Dispose() => _http.Dispose();
}
