using Microsoft.Extensions.Options;

namespace Parley.Streaming.Routing;

/// <summary>Validates names, aliases and the default model, and the settings of each provider by its family.</summary>
internal sealed class RoutingOptionsValidation : IValidateOptions<RoutingOptions>
{
    private const int MaxNameLength = 40;

    public ValidateOptionsResult Validate(string? name, RoutingOptions options)
    {
        List<string> errors = [.. options.Errors];
        foreach (var provider in options.Providers)
        {
            if (provider.Name.Length > MaxNameLength || !provider.Name.All(IsNameLetter))
            {
                errors.Add($"Providers:{provider.Name}: a provider's name is 1 to {MaxNameLength} letters, digits, '-', '_' or '.'.");
            }

            errors.AddRange(provider.Setup.Validate());
        }

        foreach (var (alias, target) in options.Aliases)
        {
            if (alias.Contains('/', StringComparison.Ordinal))
            {
                errors.Add($"Models:Aliases:{alias} has a slash in its name. Type a single word, for example Models:Aliases:fast.");
            }

            if (UnknownProviderOf(target, options) is { } unknown)
            {
                errors.Add($"Models:Aliases:{alias} is '{target}', but {Reason(unknown, "Type", options)}");
            }
        }

        if (options.DefaultModel is { } model && UnknownProviderOf(model, options) is { } missing)
        {
            errors.Add($"Models:Default is '{model}', but {Reason(missing, "Type provider/model with", options)}");
        }

        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static bool IsNameLetter(char letter) => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.';

    /// <summary>The provider that <c>provider/model</c> names, if it is not configured. A model's own name may contain a slash.</summary>
    private static string? UnknownProviderOf(string id, RoutingOptions options)
    {
        var slash = id.IndexOf('/', StringComparison.Ordinal);
        if (slash <= 0)
        {
            return null;
        }

        var name = id[..slash];
        var isKnown = options.Providers.Any(provider =>
            provider.Name.Equals(name, StringComparison.OrdinalIgnoreCase)
            || provider.Setup.Models.Any(model => model.StartsWith(name + "/", StringComparison.Ordinal))
        );
        return isKnown ? null : name;
    }

    private static string Reason(string provider, string whatToType, RoutingOptions options) =>
        options.Unconfigured.FirstOrDefault(known => known.Name.Equals(provider, StringComparison.OrdinalIgnoreCase)) is { } known
            ? $"{known.Name} is not configured. {known.HowToConfigure}"
            : $"there is no provider '{provider}'. {whatToType} one of: {string.Join(", ", options.Providers.Select(one => one.Name))}.";
}
