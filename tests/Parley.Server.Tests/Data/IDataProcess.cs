using Parley.Server.Data;
using Parley.Streaming.Generations;

namespace Parley.Server.Tests.Data;

/// <summary>A server process as far as its data goes, on any database.</summary>
internal interface IDataProcess : IAsyncDisposable
{
    IGenerationStore Store { get; }

    /// <summary>A conversation with a question, and a generation that answers it.</summary>
    Task<(GenerationId Id, Owner Owner, string ConversationId)> StartAsync(string model = "demo/parley", string owner = "u_1");

    /// <summary>This process ends as a kill ends it. Returns the one that is started next, on what was stored.</summary>
    Task<IDataProcess> KillAsync();
}
