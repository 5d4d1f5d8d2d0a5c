using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Parley.Server.Data;
using Parley.Server.Data.Model;
using Parley.Server.Data.Sql;
using Parley.Server.Generations;
using Parley.Server.Generations.Commands;
using Parley.Server.Tests.Hosting;
using Parley.Streaming.Generations;
using Parley.Streaming.Routing;
using Parley.Testing.Generations;

namespace Parley.Server.Tests.Generations;

/// <summary>What is stored runs, and ends.</summary>
public sealed class GenerationStarterTests
{
    private static readonly Owner Ana = new("personal", "00000000-0000-7000-8000-00000000000a");

    [Theory]
    [InlineData("demo/parley", true)]
    [InlineData("demo/gone", false)]
    public async Task Start_WhosePromptOrModelIsMissing_EndsAsFailed(string model, bool hasBrokenPrompt)
    {
        await using var server = await ParleyServer.StartAsync();
        var services = server.Services;
        var runner = services.GetRequiredService<GenerationRunner>();
        var starter = new GenerationStarter(
            services.GetRequiredService<ChatStore>(),
            runner,
            new PromptBuilder([new BrokenPrompt()]),
            services.GetRequiredService<ModelRouter>(),
            services.GetRequiredService<GenerationResponse>(),
            services.GetRequiredService<ChangeFeed>()
        );
        var started = "";
        var command = new BeginConversation
        {
            Owner = Ana,
            Now = TimeProvider.System.GetUtcNow(),
            ChooseModel = _ => model,
            Fingerprint = "f",
            Request = hasBrokenPrompt ? new StoredRequest(StoredRequest.Messages, JsonElement.Parse("{}")) : null,
            Conversation = new NewConversation(null, ConversationKind.Chat, null, []),
            Message = new NewMessage("A question?"),
        };
        var mode = new ResponseMode.Background(info =>
        {
            started = info.GenerationId;
            return Task.FromResult(Results.NoContent());
        });
        await starter.StartAsync(new DefaultHttpContext(), command, mode).Soon();

        Assert.True(GenerationId.TryParse(started, out var id));
        var end = await runner.Find(id)!.WhenEndedAsync(Patience.Cancel).AsTask().Soon();
        Assert.Equal((GenerationStatus.Failed, FailureCodes.InternalError), (end!.Status, end.Error!.Code));
        Assert.Contains(server.Errors, error => error.Contains(hasBrokenPrompt ? "No prompt." : "demo/gone", StringComparison.Ordinal));
    }

    private sealed class BrokenPrompt : IPromptSource
    {
        public string Kind => StoredRequest.Messages;

        public ValueTask<Prompt?> ReadAsync(StoredRequest request, Owner owner, CancellationToken cancellationToken) =>
            throw new InvalidDataException("No prompt.");
    }
}
