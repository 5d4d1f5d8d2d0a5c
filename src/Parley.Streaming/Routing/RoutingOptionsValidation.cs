using Microsoft.Extensions.Options;

namespace Parley.Streaming.Routing;

/// <summary>Says what to type. A message never holds a key.</summary>
internal sealed class RoutingOptionsValidation : IValidateOptions<RoutingOptions>
{
    public ValidateOptionsResult Validate(string? name, RoutingOptions options)
    {
        List<string> errors = [];
        foreach (var (provider, settings) in options.Providers)
            Check(provider, settings, errors);
        foreach (var (alias, target) in options.Aliases)
        {
            if (alias.Contains('/', StringComparison.Ordinal))
                errors.Add($"Models:Aliases:{alias} has a slash in its name. Type a single word, for example Models:Aliases:fast.");
            if (ProviderOf(target) is { } unknown && !IsKnown(unknown, options))
                errors.Add($"Models:Aliases:{alias} is '{target}', but there is no provider '{unknown}'. Type one of: {Names(options)}.");
        }
        if (options.DefaultModel is { } model && ProviderOf(model) is { } missing && !IsKnown(missing, options))
            errors.Add($"Models:Default is '{model}', but there is no provider '{missing}'. Type provider/model with one of: {Names(options)}.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static void Check(string name, ProviderOptions settings, List<string> errors)
    {
        var at = $"Providers:{name}";
        if (name.Length > 40 || name.Any(c => !(char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')))
            errors.Add($"{at}: a provider's name is 1 to 40 letters, digits, '-', '_' or '.'.");
        if (!settings.Type.Equals("openai", StringComparison.OrdinalIgnoreCase))
            errors.Add($"{at}:Type is '{settings.Type}'. Type 'openai', which is for every server that speaks OpenAI's Chat Completions.");
        if (!Uri.TryCreate(settings.BaseUrl, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
            errors.Add($"{at}:BaseUrl is '{Shown(settings.BaseUrl)}'. Type an http or https URL with its version, for example http://127.0.0.1:8080/v1.");
        else if (url.UserInfo.Length > 0)
            errors.Add($"{at}:BaseUrl holds a user name or password. Put the key into {at}:ApiKey instead.");
        if (settings.ApiKey is { } key && key.Any(c => c is <= ' ' or > '~'))
            errors.Add($"{at}:ApiKey holds a space or a character that a header cannot carry. Copy the key again.");
        foreach (var (header, value) in settings.Headers)
        {
            if (header.Any(c => c is <= ' ' or > '~' or ':') || value.Any(c => c is < ' ' or > '~'))
                errors.Add($"{at}:Headers:{header} is not a valid header. Use printable ASCII.");
        }
        Positive($"{at}:ConnectTimeout", settings.ConnectTimeout, errors);
        Positive($"{at}:FirstTokenTimeout", settings.FirstTokenTimeout, errors);
        Positive($"{at}:IdleTimeout", settings.IdleTimeout, errors);
        Positive($"{at}:TotalTimeout", settings.TotalTimeout, errors);
        if (settings.MaxFrameBytes is < 1024 or > 256 * 1024 * 1024)
            errors.Add($"{at}:MaxFrameBytes is {settings.MaxFrameBytes}. Type a number of bytes from 1024 to {256 * 1024 * 1024}.");
        if (settings.Models.FirstOrDefault(m => !ModelRouter.IsModelName(m)) is { } model)
            errors.Add($"{at}:Models holds '{model}'. A model's name has 1 to 200 characters and no spaces.");
    }

    private static void Positive(string setting, TimeSpan value, List<string> errors)
    {
        if ((value <= TimeSpan.Zero && value != Timeout.InfiniteTimeSpan) || value > TimeSpan.FromDays(1))
            errors.Add($"{setting} is {value}. Type a time as hours:minutes:seconds, for example 00:00:30, up to one day.");
    }

    // A URL with a password in it must not get into a log either.
    private static string Shown(string? url) => url is null ? "" : url.Contains('@', StringComparison.Ordinal) ? "…" : url;

    private static string? ProviderOf(string id) => id.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash ? id[..slash] : null;

    // A model's own name may hold a slash as well: then a provider lists it.
    private static bool IsKnown(string provider, RoutingOptions options) =>
        provider.Equals("demo", StringComparison.OrdinalIgnoreCase)
        || options.Providers.Any(p => p.Key.Equals(provider, StringComparison.OrdinalIgnoreCase))
        || options.Providers.Any(p => p.Value.Models.Any(m => m.StartsWith(provider + "/", StringComparison.Ordinal)));

    private static string Names(RoutingOptions options) => string.Join(", ", options.Providers.Select(p => p.Key).Append("demo"));
}
