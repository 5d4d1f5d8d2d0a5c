using System.Buffers.Binary;
using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.Compatibility.Convex;

/// <summary>
/// What a Convex client does with its socket: it counts versions, and takes no transition that does not begin exactly where the one before
/// has ended. Every message of the server is checked for its members.
/// </summary>
internal sealed class SyncClient : IAsyncDisposable
{
    private readonly CancellationTokenSource _timeout = new(TestUser.Timeout);
    private readonly ClientWebSocket _socket = new();
    private uint _nextQuery,
        _nextRequest,
        _querySet,
        _identity;

    /// <summary>What the last transition ended at.</summary>
    public (uint QuerySet, uint Identity, ulong Timestamp) Version { get; private set; }

    /// <summary>The result of each query: a value, or an error.</summary>
    public Dictionary<uint, (JsonElement? Value, string? Error)> Results { get; } = [];

    /// <summary>The types of all messages so far, in order.</summary>
    public List<string> Types { get; } = [];

    /// <summary>How many results came for each query.</summary>
    public Dictionary<uint, int> Updates { get; } = [];

    public CookieContainer Cookies { get; private init; } = new();

    public static async Task<SyncClient> OpenAsync(
        ParleyServer server,
        TestUser? user = null,
        string? token = null,
        params (string Name, string Value)[] headers
    )
    {
        var client = new SyncClient { Cookies = user?.Cookies ?? new CookieContainer() };
        client._socket.Options.Cookies = client.Cookies;
        client._socket.Options.CollectHttpResponseDetails = true;
        if (token is not null)
        {
            client._socket.Options.SetRequestHeader("Authorization", $"Bearer {token}");
        }

        foreach (var (name, value) in headers)
        {
            client._socket.Options.SetRequestHeader(name, value);
        }

        try
        {
            await client._socket.ConnectAsync(
                new UriBuilder(server.Address) { Scheme = "ws", Path = "/api/1.48.0/sync" }.Uri,
                client._timeout.Token
            );
        }
        catch (WebSocketException)
        {
            client.Refused = client._socket.HttpStatusCode;
        }

        return client;
    }

    /// <summary>As <see cref="OpenAsync"/>, with what a client sends first, and its answer.</summary>
    public static async Task<SyncClient> ConnectedAsync(
        ParleyServer server,
        TestUser? user = null,
        string? token = null,
        string? session = null
    )
    {
        var client = await OpenAsync(server, user, token);
        await client.ConnectAsync(session);
        return client;
    }

    /// <summary>The status with which the handshake was refused.</summary>
    public HttpStatusCode? Refused { get; private set; }

    public async Task ConnectAsync(string? session = null, ulong? observed = null)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, observed ?? 0);
        var connect = new Dictionary<string, object?>
        {
            ["type"] = "Connect",
            ["sessionId"] = session ?? Guid.NewGuid().ToString(),
            ["connectionCount"] = 0,
            ["lastCloseReason"] = "InitialConnect",
            ["clientTs"] = 1.5,
        };
        if (observed is not null)
        {
            connect["maxObservedTimestamp"] = Convert.ToBase64String(bytes);
        }

        await SendAsync(connect);
        await SendAsync(
            new
            {
                type = "ModifyQuerySet",
                baseVersion = 0,
                newVersion = _querySet = 1,
                modifications = Array.Empty<object>(),
            }
        );
        await TransitionAsync();
        Assert.Equal((1u, 0u), (Version.QuerySet, Version.Identity));
    }

    public Task SendAsync<T>(T message) => SendAsync(JsonSerializer.Serialize(message));

    public Task SendAsync(string text) => SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text);

    public Task SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type, bool endOfMessage = true) =>
        _socket.SendAsync(bytes, type, endOfMessage, _timeout.Token).AsTask();

    /// <summary>The next message, as text; null when the server has closed.</summary>
    private async Task<string?> ReceiveAsync()
    {
        var text = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await _socket.ReceiveAsync(buffer.AsMemory(), _timeout.Token);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            Assert.Equal(WebSocketMessageType.Text, received.MessageType);
            text.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return Encoding.UTF8.GetString(text.ToArray());
            }
        }
    }

    /// <summary>The next message, checked and taken in; pings are passed over.</summary>
    public async Task<JsonElement> NextAsync(bool withPings = false)
    {
        while (true)
        {
            var message = JsonElement.Parse(
                await ReceiveAsync() ?? throw new WebSocketException($"Closed: {_socket.CloseStatus} {_socket.CloseStatusDescription}")
            );
            var type = message.GetProperty("type").GetString()!;
            Types.Add(type);
            switch (type)
            {
                case "Transition":
                    Take(message);
                    break;
                case "MutationResponse" or "ActionResponse":
                    var succeeded = message.GetProperty("success").GetBoolean();
                    var members = new List<string>
                    {
                        "type",
                        "requestId",
                        "success",
                        "result",
                        succeeded ? "" : "errorData",
                        "logLines",
                        succeeded && type == "MutationResponse" ? "ts" : "",
                    };
                    Assert.Equal(members.Where(name => name.Length > 0), Names(message));
                    break;
                case "Ping":
                    Assert.Equal(["type"], Names(message));
                    if (!withPings)
                    {
                        continue;
                    }

                    break;
                case "FatalError":
                    Assert.Equal(["type", "error"], Names(message));
                    break;
                case "AuthError":
                    Assert.Equal(["type", "error", "baseVersion", "authUpdateAttempted"], Names(message));
                    break;
                default:
                    Assert.Fail($"Clients know no message {type}.");
                    break;
            }

            return message;
        }
    }

    private void Take(JsonElement transition)
    {
        Assert.Equal(["type", "startVersion", "endVersion", "modifications"], Names(transition));
        Assert.Equal(Version, VersionOf(transition.GetProperty("startVersion")));
        var end = VersionOf(transition.GetProperty("endVersion"));
        Assert.True(
            end.Timestamp > Version.Timestamp && end.QuerySet >= Version.QuerySet && end.Identity >= Version.Identity,
            $"{Version} to {end}"
        );
        Version = end;
        foreach (var modification in transition.GetProperty("modifications").EnumerateArray())
        {
            var id = modification.GetProperty("queryId").GetUInt32();
            switch (modification.GetProperty("type").GetString())
            {
                case "QueryUpdated":
                    Assert.Equal(["type", "queryId", "value", "logLines", "journal"], Names(modification));
                    Results[id] = (modification.GetProperty("value"), null);
                    Updates[id] = Updates.GetValueOrDefault(id) + 1;
                    break;
                case "QueryFailed":
                    Assert.Equal(["type", "queryId", "errorMessage", "errorData", "logLines", "journal"], Names(modification));
                    Results[id] = (null, modification.GetProperty("errorData").GetProperty("code").GetString());
                    Updates[id] = Updates.GetValueOrDefault(id) + 1;
                    break;
                case "QueryRemoved":
                    Assert.Equal(["type", "queryId"], Names(modification));
                    Assert.True(Results.Remove(id));
                    break;
                case var other:
                    Assert.Fail($"Clients know no modification {other}.");
                    break;
            }
        }
    }

    /// <summary>Reads the next message, which must be a transition.</summary>
    public async Task<JsonElement> TransitionAsync()
    {
        var message = await NextAsync();
        Assert.True(message.GetProperty("type").GetString() == "Transition", message.ToString());
        return message;
    }

    /// <summary>Reads on until the results are as they should be.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await NextAsync();
        }
    }

    /// <summary>Subscribes to a query, and waits for its result.</summary>
    public async Task<uint> AddAsync<T>(string path, T args)
    {
        var id = _nextQuery++;
        await ModifyAsync(
            new
            {
                type = "Add",
                queryId = id,
                udfPath = path,
                args = new[] { args },
            }
        );
        await UntilAsync(() => Version.QuerySet == _querySet);
        Assert.True(Results.ContainsKey(id));
        return id;
    }

    public async Task RemoveAsync(uint id)
    {
        await ModifyAsync(new { type = "Remove", queryId = id });
        await UntilAsync(() => Version.QuerySet == _querySet);
        Assert.False(Results.ContainsKey(id));
    }

    public Task ModifyAsync(params object[] modifications) =>
        SendAsync(
            new
            {
                type = "ModifyQuerySet",
                baseVersion = _querySet,
                newVersion = ++_querySet,
                modifications,
            }
        );

    /// <summary>Calls a mutation, and waits as a client does: for the response, and for a transition that is as new as it says.</summary>
    public async Task<JsonElement> MutateAsync<T>(string path, T args, uint? request = null)
    {
        var id = request ?? _nextRequest++;
        await SendAsync(
            new
            {
                type = "Mutation",
                requestId = id,
                udfPath = path,
                args = new[] { args },
            }
        );
        var response = await ResponseAsync("MutationResponse", id);
        if (!response.GetProperty("success").GetBoolean())
        {
            return response;
        }

        var at = TimestampOf(response.GetProperty("ts").GetString()!);
        Assert.True(Version.Timestamp < at, "A transition that is as new as the mutation came before its response.");
        await TransitionAsync();
        Assert.True(Version.Timestamp >= at);
        return response;
    }

    public async Task<JsonElement> ResponseAsync(string type, uint id)
    {
        JsonElement response;
        do
        {
            response = await NextAsync();
        } while (response.GetProperty("type").GetString() != type);
        Assert.Equal(id, response.GetProperty("requestId").GetUInt32());
        return response;
    }

    public Task AuthenticateAsync(string? token) =>
        SendAsync(
            token is null
                ? new
                {
                    type = "Authenticate",
                    tokenType = "None",
                    baseVersion = _identity++,
                }
                : (object)
                    new
                    {
                        type = "Authenticate",
                        tokenType = "User",
                        value = token,
                        baseVersion = _identity++,
                    }
        );

    /// <summary>Creates a chat.</summary>
    public async Task<(string ChatId, string StreamId)> CreateAsync(string prompt, string? title = null, string model = "scripted")
    {
        var created = (
            await MutateAsync(
                "ai_chat:createChat",
                new
                {
                    prompt,
                    title,
                    model,
                }
            )
        ).GetProperty("result");
        return (created.GetProperty("chatId").GetString()!, created.GetProperty("streamId").GetString()!);
    }

    /// <summary>Reads to the close, which must come; says how it closed, and what it said last.</summary>
    public async Task<(int Status, JsonElement? Last)> ClosedAsync()
    {
        JsonElement? last = null;
        while (await ReceiveAsync() is { } text)
        {
            last = JsonElement.Parse(text);
        }

        return ((int)_socket.CloseStatus!, last);
    }

    /// <summary>Closes as a client does, and waits for the answer.</summary>
    public async Task CloseAsync()
    {
        await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", _timeout.Token);
        await ClosedAsync();
    }

    public static (string Text, string Status) BodyOf(JsonElement? value) =>
        (value!.Value.GetProperty("text").GetString()!, value.Value.GetProperty("status").GetString()!);

    private static (uint QuerySet, uint Identity, ulong Timestamp) VersionOf(JsonElement version)
    {
        Assert.Equal(["querySet", "identity", "ts"], Names(version));
        return (
            version.GetProperty("querySet").GetUInt32(),
            version.GetProperty("identity").GetUInt32(),
            TimestampOf(version.GetProperty("ts").GetString()!)
        );
    }

    public static ulong TimestampOf(string text)
    {
        var bytes = Convert.FromBase64String(text);
        Assert.Equal(8, bytes.Length);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    private static IEnumerable<string> Names(JsonElement json) => json.EnumerateObject().Select(member => member.Name);

    public ValueTask DisposeAsync()
    {
        _socket.Dispose();
        _timeout.Dispose();
        return ValueTask.CompletedTask;
    }
}
