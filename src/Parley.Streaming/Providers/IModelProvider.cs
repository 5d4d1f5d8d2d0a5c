using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers;

/// <summary>
/// A configured provider: a server, or code in this process, that has models. All members can be called from any thread
/// at the same time. <c>ModelProviderContract</c> in the tests states what every implementation must do.
/// </summary>
public interface IModelProvider : IDisposable
{
    /// <summary>The configured name, in lower case: the part before the slash in <c>provider/model</c>.</summary>
    string Name { get; }

    /// <summary>The name to show to people, as its makers write it.</summary>
    string DisplayName { get; }

    /// <summary>
    /// The models that are known without a request: configured or built in. The first one that <see cref="ModelDescription.MayBeDefault"/>
    /// is the provider's default model. May be empty.
    /// </summary>
    IReadOnlyList<ModelDescription> Models { get; }

    /// <summary>
    /// Further names for models: the alias, and the name of the model at this provider. Configured aliases replace them.
    /// Compared without case.
    /// </summary>
    IReadOnlyDictionary<string, string> Aliases { get; }

    /// <summary>
    /// Describes a model by its name at this provider. Null where the provider certainly does not have it. A provider that
    /// accepts any name describes any name. Makes no request.
    /// </summary>
    ModelDescription? Find(string model);

    /// <summary>
    /// Asks the provider which models it has. Empty where it has no list, or where the configuration turned the request off.
    /// The caller limits the time with the token, and the number of models that it keeps.
    /// </summary>
    /// <exception cref="ProviderException">The provider failed.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    Task<IReadOnlyList<ModelDescription>> ListModelsAsync(CancellationToken cancellationToken);

    /// <summary>
    /// A client for one model that <see cref="Find"/> describes. Every abnormal end of its stream is a <see cref="ProviderException"/>,
    /// thrown after everything that arrived before it was yielded; a cancelled stream throws <see cref="OperationCanceledException"/>.
    /// Tool calls are streamed as <see cref="ToolCallStarted"/> describes. The provider owns the client's resources: the client
    /// works until the provider is disposed, and need not be disposed itself.
    /// </summary>
    IChatClient CreateClient(string model);
}
