namespace Parley.Streaming.Providers;

/// <summary>A model as its provider describes it.</summary>
/// <param name="Name">The provider's own name for it; may contain slashes.</param>
public sealed record ModelDescription(string Name)
{
    /// <summary>The longest name, in characters.</summary>
    public const int MaxNameLength = 200;

    /// <summary>The name to show to people. Default: <see cref="Name"/>.</summary>
    public string DisplayName { get; init; } = Name;

    /// <summary>What it can do. Default: nothing beyond text.</summary>
    public ModelCapabilities Capabilities { get; init; } = ModelCapabilities.None;

    /// <summary>Show it in lists of models. Default true; a hidden model can be asked for by name.</summary>
    public bool IsListed { get; init; } = true;

    /// <summary>It may be chosen where no model was asked for. Default true.</summary>
    public bool MayBeDefault { get; init; } = true;

    /// <summary>
    /// Its family assumes that the provider has it. Once the provider has listed its models without this one, it is neither offered nor a
    /// default. Default false: it is configured or listed.
    /// </summary>
    public bool IsAssumed { get; init; }

    /// <summary>Whether a text can be the name of a model: 1 to 200 characters, no white space, control characters or surrogates.</summary>
    public static bool IsValidName(string? name) =>
        name is { Length: > 0 and <= MaxNameLength }
        && !name.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter) || char.IsSurrogate(letter));
}

/// <summary>What a model can do beyond answering with text.</summary>
public sealed record ModelCapabilities
{
    /// <summary>No capability.</summary>
    public static ModelCapabilities None { get; } = new();

    /// <summary>It continues a trailing assistant message, so that an interrupted answer can be continued. Default false.</summary>
    public bool AcceptsPrefix { get; init; }

    /// <summary>It is a demonstration, not a language model. Default false.</summary>
    public bool IsDemo { get; init; }
}
