using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Parley.Server.Compatibility.AiSdk;
using Parley.Server.Compatibility.Convex.Functions;
using Parley.Server.Http.Json;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Http;

/// <summary>The ids of existing objects, one of each kind.</summary>
internal sealed record ObjectIds(
    string Conversation,
    string Message,
    string Generation,
    string Session,
    string Response,
    string StreamChat,
    string TextStream
)
{
    public IEnumerable<string> Ids => [Conversation, Message, Generation, Session, Response, StreamChat, TextStream];

    public string Of(IdOf id) =>
        id switch
        {
            IdOf.Conversation => Conversation,
            IdOf.Message => Message,
            IdOf.Generation => Generation,
            IdOf.Session => Session,
            IdOf.Response => Response,
            IdOf.StreamChat => StreamChat,
            IdOf.TextStream => TextStream,
            IdOf.Model => "scripted",
            _ => "",
        };
}

/// <summary>
/// One route as the app maps it, once for each kind of body that it accepts. What the app knows is read from its endpoints, so a new route
/// is part of every test that covers all routes.
/// </summary>
/// <param name="Line">What the endpoint does not say.</param>
/// <param name="Body">The type of its body; null when it accepts none.</param>
internal sealed record Route(RouteLine Line, Type? Body)
{
    public string Method => Line.Method;

    public string Name => Body is null ? Line.ToString() : $"{Line} {(Body.DeclaringType ?? Body).Name}";

    public bool HasBody => Body is not null;

    public bool HasId => Line.Id != IdOf.None;

    public IReadOnlyList<PropertyInfo> Members => Body?.GetProperties() ?? [];

    /// <summary>
    /// Whether the route ignores unknown members, because its clients send members of their own. Everything else that is invalid is refused
    /// as on other routes.
    /// </summary>
    public bool IsTolerant { get; private init; }

    /// <summary>
    /// Its errors are in the envelope of the OpenAI API, with the codes of that, and its numbers are as JSON Schema has them: 1.0 is whole.
    /// </summary>
    public bool IsOpenAI => Line.Pattern.StartsWith("/v1/", StringComparison.Ordinal);

    /// <summary>Where the route is asked about this id, which is escaped already.</summary>
    public string Path(string id) =>
        Line.Query is null
            ? Line.Pattern.Replace("{id}", id, StringComparison.Ordinal).Replace("{**id}", id, StringComparison.Ordinal)
            : $"{Line.Pattern}?{Line.Query}={id}";

    public string Path(ObjectIds ids) => Path(ids.Of(Line.Id));

    public static IReadOnlyList<RouteEndpoint> Endpoints(ParleyServer server) =>
        [
            .. server
                .Services.GetRequiredService<EndpointDataSource>()
                .Endpoints.OfType<RouteEndpoint>()
                .Where(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>() is not null),
        ];

    public static IEnumerable<string> NamesOf(RouteEndpoint endpoint) =>
        endpoint
            .Metadata.GetRequiredMetadata<HttpMethodMetadata>()
            .HttpMethods.Select(method => $"{method} /{endpoint.RoutePattern.RawText!.Trim('/')}");

    public static IReadOnlyList<Route> All(ParleyServer server) =>
        [
            .. from endpoint in Endpoints(server)
            from name in NamesOf(endpoint)
            from line in RouteTable.Lines
            where line.ToString() == name
            from body in endpoint.Metadata.GetOrderedMetadata<RequestBodyMetadata>().DefaultIfEmpty(new RequestBodyMetadata(null))
            select new Route(line, body.Type) { IsTolerant = body.IsTolerant },
        ];

    /// <summary>A body that the route accepts.</summary>
    public Dictionary<string, object?> GoodBody(ObjectIds ids)
    {
        Dictionary<string, object?> body = [];
        foreach (var name in Members.Select(NameOf))
        {
            if (Samples.TryGetValue((Body, name), out var sample) || Samples.TryGetValue((null, name), out sample))
            {
                body[name] = sample(ids);
            }
            else
            {
                Assert.Fail($"{Name} accepts a member '{name}' without a sample value: add one to Route.Samples.");
            }
        }

        return body.Where(pair => pair.Value is not null).ToDictionary();
    }

    public static string NameOf(PropertyInfo member) =>
        member.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(member.Name);

    private const string Script = "#script tokens=1 delay=0";

    /// <summary>Good values, for one body or for all; null for a member that is left out, since ids are tested with the ids.</summary>
    private static readonly Dictionary<(Type? Body, string Member), Func<ObjectIds, object?>> Samples = new()
    {
        [(null, "message")] = _ => Script,
        [(null, "messages")] = _ => new[] { new { role = "user", content = Script } },
        [(typeof(AiSdkChat.Request), "message")] = _ => null,
        [(typeof(AiSdkChat.Request), "messages")] = _ =>
            new[] { new { role = "user", parts = new[] { new { type = "text", text = Script } } } },
        [(typeof(AiSdkChat.Request), "trigger")] = _ => "submit-message",
        [(typeof(PostV1Chat.Request), "message")] = _ => null,
        [(typeof(PostV1Chat.Request), "trigger")] = _ => null,
        [(null, "input")] = _ => Script,
        [(null, "instructions")] = _ => "Be brief.",
        [(null, "id")] = _ => null,
        [(null, "previous_response_id")] = _ => null,
        [(null, "conversationId")] = _ => null,
        [(null, "conversation_id")] = _ => null,
        [(null, "chatId")] = _ => null,
        [(null, "parentId")] = _ => null,
        [(null, "messageId")] = _ => null,
        [(null, "agentId")] = _ => null,
        [(null, "user_id")] = _ => null,
        [(null, "sessionId")] = ids => ids.Session,
        [(null, "projectId")] = _ => "a project",
        [(null, "taskId")] = _ => "a task",
        [(null, "model")] = _ => "scripted",
        [(null, "modelId")] = _ => "scripted",
        [(null, "prompt")] = _ => Script,
        [(null, "stream")] = _ => false,
        [(null, "store")] = _ => false,
        [(null, "temperature")] = _ => 0.5,
        [(null, "topP")] = _ => 0.5,
        [(null, "maxTokens")] = _ => 100,
        [(null, "top_p")] = _ => 0.5,
        [(null, "frequency_penalty")] = _ => 0.5,
        [(null, "presence_penalty")] = _ => 0.5,
        [(null, "max_tokens")] = _ => 100,
        [(null, "max_completion_tokens")] = _ => 100,
        [(null, "max_output_tokens")] = _ => 100,
        [(null, "seed")] = _ => 5,
        [(null, "stop")] = _ => "never",
        [(null, "reasoning_effort")] = _ => "low",
        [(null, "reasoning")] = _ => new { effort = "low" },
        [(null, "response_format")] = _ => new { type = "text" },
        [(null, "text")] = _ => new { format = new { type = "text" } },
        [(null, "tools")] = _ => Array.Empty<object>(),
        [(null, "tool_choice")] = _ => "auto",
        [(null, "parallel_tool_calls")] = _ => true,
        [(null, "stream_options")] = _ => new { include_usage = true },
        [(null, "background")] = _ => false,
        [(null, "position")] = _ => 0,
        [(null, "title")] = _ => "A title",
        [(null, "role")] = _ => "user",
        [(null, "content")] = _ => "Something",
        [(null, "tokens")] = _ => 3,
        [(null, "streamId")] = ids => ids.TextStream,
        [(null, "status")] = _ => "pending",
        [(typeof(RunQuery.Request), "path")] = _ => "any:listChats",
        [(typeof(RunQuery.Request), "args")] = _ => new[] { new { limit = 5 } },
        [(typeof(RunMutation.Request), "path")] = _ => "any:createChat",
        [(typeof(RunMutation.Request), "args")] = _ => new[] { new { prompt = Script } },
        [(null, "metadata")] = _ => new { note = "A note" },
    };
}
