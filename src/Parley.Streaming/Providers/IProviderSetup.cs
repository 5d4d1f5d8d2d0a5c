namespace Parley.Streaming.Providers;

/// <summary>The settings of one provider: read, then validated, then used to create the provider.</summary>
public interface IProviderSetup
{
    /// <summary>The names of the models that the settings name.</summary>
    IReadOnlyList<string> Models { get; }

    /// <summary>
    /// One message for each invalid setting: its full name, its value, and what to type instead. Never contains a key, a
    /// password or a header's value: the messages are logged.
    /// </summary>
    IEnumerable<string> Validate();

    /// <summary>Creates the provider. Called once, and only where <see cref="Validate"/> found nothing.</summary>
    IModelProvider Create();
}
