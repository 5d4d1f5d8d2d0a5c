using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Parley.Server.Tests.Hosting;
using Parley.Server.Tests.Http;

namespace Parley.Server.Tests.Identity;

/// <summary>What belongs to somebody else is answered as what does not exist, to the byte, on every route with an id (B24, B25; isolation 5.3).</summary>
public sealed partial class ForeignIsMissingTests(ParleyServer server)
{
    [Fact]
    public async Task EveryRouteWithAnId_ForeignAndMissing_AnswerTheSameBytes()
    {
        using var ana = server.NewPerson();
        using var ben = server.NewPerson();
        using var nobody = server.NewPerson();
        await ben.AnsweredAsync("#script tokens=1 delay=0");
        await using var running = await ana.AskAsync("#script first=600000");
        var states = new[] { await ana.AnsweredAsync("#script tokens=4 delay=0"), await ana.AnsweredAsync("#script tokens=4 error-after=2 delay=0") }
            .Select(answer => (answer.ConversationId, answer.MessageId, answer.GenerationId))
            .Append((running.ConversationId, (await running.NextAsync())!["messageId"]!, running.GenerationId)).ToList();
        var before = server.Tables.Query("SELECT id || title || message_count || updated_at FROM conversations WHERE owner_id = @id", row => row.GetString(0), ("@id", await ana.IdAsync()));

        var routes = Route.All(server).Where(route => route.HasId).ToList();
        Assert.True(routes.Count >= 10);
        foreach (var route in routes)
        {
            foreach (var (conversation, message, generation) in states)
            {
                var foreign = route.Kind switch { "conversations" => conversation, "generations" => generation, "messages" => message, var kind => throw new InvalidOperationException($"What does an id under {kind} name?") };
                foreach (var asking in new[] { ben, nobody })
                {
                    var expected = await BytesAsync(asking, route, Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString());
                    Assert.StartsWith("404", expected, StringComparison.Ordinal);
                    foreach (var id in new[] { foreign, conversation, message, generation })
                        Assert.Equal(expected, await BytesAsync(asking, route, id));
                }
            }
        }

        Assert.Equal(before, server.Tables.Query("SELECT id || title || message_count || updated_at FROM conversations WHERE owner_id = @id", row => row.GetString(0), ("@id", await ana.IdAsync())));
        Assert.Equal("running", (await ana.GetAsync($"/api/v1/generations/{running.GenerationId}")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task EveryIdInABody_ForeignAndMissing_AnswerTheSameBytes()
    {
        using var ana = server.NewPerson();
        using var ben = server.NewPerson();
        var foreign = await ana.AnsweredAsync("#script tokens=1 delay=0");
        var own = await ben.AnsweredAsync("#script tokens=1 delay=0");
        foreach (var route in Route.All(server))
        {
            foreach (var member in route.Members.Select(Route.NameOf).Where(name => name.EndsWith("Id", StringComparison.Ordinal)))
            {
                async Task<string> WithAsync(string id)
                {
                    var body = route.GoodBody();
                    if (member == "parentId" && route.Members.Any(other => Route.NameOf(other) == "conversationId")) body["conversationId"] = own.ConversationId;
                    body[member] = id;
                    return await BytesAsync(ben, route, route.Kind switch { "conversations" => own.ConversationId, _ => own.GenerationId }, body);
                }

                var expected = await WithAsync(Guid.NewGuid().ToString());
                Assert.StartsWith("404", expected, StringComparison.Ordinal);
                foreach (var id in new[] { foreign.ConversationId, foreign.MessageId, foreign.GenerationId }) Assert.Equal(expected, await WithAsync(id));
            }
        }

        Assert.Equal(2, (await ana.GetAsync($"/api/v1/conversations/{foreign.ConversationId}")).GetProperty("messageCount").GetInt32());
    }

    /// <summary>Status, headers and body, without what differs from one answer to the next anyway.</summary>
    private static async Task<string> BytesAsync(Person person, Route route, string id, Dictionary<string, object?>? body = null)
    {
        body ??= route.HasBody ? route.GoodBody() : null;
        using var response = await person.SendAsync(route.Method, route.Path(id), body is null ? null : JsonSerializer.Serialize(body));
        var text = new StringBuilder().Append((int)response.StatusCode).Append('\n');
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers).Where(header => header.Key is not "Date").OrderBy(header => header.Key, StringComparer.Ordinal))
            text.Append(name).Append(": ").AppendJoin(", ", values).Append('\n');
        return text.Append(TraceId().Replace(await response.Content.ReadAsStringAsync(), "\"traceId\":\"\"")).ToString();
    }

    [GeneratedRegex("\"traceId\":\"[0-9a-f-]+\"")]
    private static partial Regex TraceId();
}
