namespace Parley.Streaming.Generations;

/// <summary>Rebuilds what a generation was asked, so that another node can adopt it. The host implements it.</summary>
public interface IRequestSource
{
    /// <summary>
    /// The request of a generation that another process started, or null when it cannot be asked again: its model is gone, for example.
    /// </summary>
    ValueTask<GenerationRequest?> LoadAsync(GenerationId id, CancellationToken cancellationToken);
}
