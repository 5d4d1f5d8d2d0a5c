namespace Parley.Streaming.Providers.Transport;

/// <summary>The settings that all providers behind HTTP have, <c>Providers:&lt;name&gt;</c>. A family derives its own from them.</summary>
public class HttpProviderOptions
{
    private const int MinFrameLimit = 1024;
    private const int MaxFrameLimit = 256 * 1024 * 1024;

    /// <summary>The address with its version, for example <c>http://127.0.0.1:8080/v1</c>. Required.</summary>
    public string? BaseUrl { get; set; }

    /// <summary>The API key. Sent to the origin of <see cref="BaseUrl"/> only. Default: none, for servers without keys.</summary>
    public string? ApiKey { get; set; }

    /// <summary>Models to offer; the first one is the provider's default model. Models that the provider lists are offered too.</summary>
    public IList<string> Models { get; } = [];

    /// <summary>Ask the provider which models it has. Default true.</summary>
    public bool ListModels { get; set; } = true;

    /// <summary>Further headers of each request, for example <c>OpenAI-Organization</c>. Treated as secrets.</summary>
    public IDictionary<string, string> Headers { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Use the machine's proxy settings. Default false.</summary>
    public bool UseProxy { get; set; }

    /// <summary>Time for TCP and TLS. Default 10 s.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Time from the request to the first text, reasoning or tool call. Default 30 s; presets may have more.</summary>
    public TimeSpan FirstTokenTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest silence inside an answer. Default 30 s.</summary>
    public TimeSpan IdleTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Time for the whole answer. Default 30 minutes.</summary>
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromMinutes(30);

    /// <summary>The largest single frame, in bytes. Default 8 MiB; 1 KiB to 256 MiB.</summary>
    public int MaxFrameBytes { get; set; } = SseReader.DefaultMaxEventBytes;

    /// <summary>The model that <see cref="AssumeModel"/> added; null when the models are configured.</summary>
    internal string? AssumedModel { get; private set; }

    /// <summary>Adds the family's own default model, for a provider without configured models.</summary>
    internal void AssumeModel(string model)
    {
        Models.Add(model);
        AssumedModel = model;
    }

    /// <summary><see cref="Models"/>, described by the family.</summary>
    internal IEnumerable<ModelDescription> DescribeModels(Func<string, ModelDescription> describe) =>
        Models.Distinct(StringComparer.Ordinal).Select(model => describe(model) with { IsAssumed = model == AssumedModel });

    /// <summary>The limits on time, as the transport takes them.</summary>
    public ProviderTimeouts ToTimeouts() =>
        new()
        {
            Connect = ConnectTimeout,
            FirstToken = FirstTokenTimeout,
            Idle = IdleTimeout,
            Total = TotalTimeout,
        };

    /// <summary>One message for each invalid setting. Never contains a key, a password or the value of a header.</summary>
    public virtual IEnumerable<string> Validate(ProviderSource source) =>
        ValidateAddress(source)
            .Concat(ValidateHeaders(source))
            .Concat(ValidateTimeout(source.Setting(nameof(ConnectTimeout)), ConnectTimeout))
            .Concat(ValidateTimeout(source.Setting(nameof(FirstTokenTimeout)), FirstTokenTimeout))
            .Concat(ValidateTimeout(source.Setting(nameof(IdleTimeout)), IdleTimeout))
            .Concat(ValidateTimeout(source.Setting(nameof(TotalTimeout)), TotalTimeout))
            .Concat(ValidateLimits(source));

    private IEnumerable<string> ValidateAddress(ProviderSource source)
    {
        var setting = source.Setting(nameof(BaseUrl));
        if (!Uri.TryCreate(BaseUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            yield return $"{setting} is '{WithoutPassword(BaseUrl)}'. "
                + "Type an http or https URL with its version, for example http://127.0.0.1:8080/v1.";
        }
        else if (url.UserInfo.Length > 0)
        {
            yield return $"{setting} contains a user name or password. " + $"Put the key into {source.Setting(nameof(ApiKey))} instead.";
        }

        if (ApiKey is { } key && key.Any(letter => letter is <= ' ' or > '~'))
        {
            yield return $"{source.Setting(nameof(ApiKey))} contains a space or a character that a header cannot carry. "
                + "Copy the key again.";
        }
    }

    private IEnumerable<string> ValidateHeaders(ProviderSource source)
    {
        foreach (var (header, value) in Headers)
        {
            if (header.Any(letter => letter is <= ' ' or > '~' or ':') || value.Any(letter => letter is < ' ' or > '~'))
            {
                yield return $"{source.Setting(nameof(Headers))}:{header} is not a valid header. Use printable ASCII.";
            }
        }
    }

    private IEnumerable<string> ValidateLimits(ProviderSource source)
    {
        if (MaxFrameBytes is < MinFrameLimit or > MaxFrameLimit)
        {
            yield return $"{source.Setting(nameof(MaxFrameBytes))} is {MaxFrameBytes}. "
                + $"Type a number of bytes from {MinFrameLimit} to {MaxFrameLimit}.";
        }

        if (Models.FirstOrDefault(model => !ModelDescription.IsValidName(model)) is { } invalid)
        {
            yield return $"{source.Setting(nameof(Models))} contains '{invalid}'. "
                + $"A model's name has 1 to {ModelDescription.MaxNameLength} characters and no spaces.";
        }
    }

    private static IEnumerable<string> ValidateTimeout(string setting, TimeSpan value)
    {
        if ((value <= TimeSpan.Zero && value != Timeout.InfiniteTimeSpan) || value > TimeSpan.FromDays(1))
        {
            yield return $"{setting} is {value}. Type a time as hours:minutes:seconds, for example 00:00:30, up to one day.";
        }
    }

    // A URL that contains a password must not be logged.
    private static string WithoutPassword(string? url) =>
        url is null ? ""
        : url.Contains('@', StringComparison.Ordinal) ? "…"
        : url;
}
