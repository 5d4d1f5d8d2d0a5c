using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Parley.Server.Http.Json;
using Parley.Server.RateLimiting;
using Parley.Server.Tests.Hosting;

namespace Parley.Server.Tests.OpenApi;

/// <summary>The API's description says what the server does: every route, and of each what it reads and answers.</summary>
public sealed partial class OpenApiTests(ParleyServer server)
{
    private const string Script = "#script tokens=2 delay=0";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What serves the description itself, and a WebSocket, for which it has no words.</summary>
    private static readonly string[] Hidden = ["/api/{version}/sync", "/openapi/v1.json"];

    [Fact]
    public async Task Document_IsOpenApi31_AndItsReferencesLead()
    {
        using var reader = server.NewUser();
        using var response = await reader.SendAsync("GET", "/openapi/v1.json");
        var text = await response.Content.ReadAsStringAsync(Token);
        var (document, diagnostic) = OpenApiDocument.Parse(text, "json");
        Assert.Equal(OpenApiSpecVersion.OpenApi3_1, diagnostic!.SpecificationVersion);
        Assert.Empty(diagnostic.Errors.Select(error => error.ToString()));
        Assert.Empty(diagnostic.Warnings.Select(warning => warning.ToString()));
        Assert.NotEmpty(document!.Paths);

        var root = JsonElement.Parse(text);
        var schemas = root.GetProperty("components").GetProperty("schemas").EnumerateObject().Select(schema => schema.Name).ToHashSet();
        var referred = Reference().Matches(text).Select(match => match.Groups[1].Value).ToHashSet();
        Assert.Equal(schemas.Order(), referred.Order());
        Assert.All(root.GetProperty("tags").EnumerateArray(), tag => Assert.NotEmpty(tag.GetProperty("description").GetString()!));
    }

    [Fact]
    public async Task Document_IsTheSameAsLongAsTheServerRuns()
    {
        using var reader = server.NewUser();
        using var first = await reader.SendAsync("GET", "/openapi/v1.json");
        var tag = first.Headers.ETag!.ToString();
        using var second = await reader.SendAsync("GET", "/openapi/v1.json", null, ("If-None-Match", tag));
        Assert.Equal(304, (int)second.StatusCode);
    }

    [Fact]
    public async Task Document_HoldsEveryRoute_AndNothingElse()
    {
        using var reader = server.NewUser();
        var document = await ApiDocument.ReadAsync(reader);
        Assert.Equal(
            Mapped()
                .Where(route => !Hidden.Contains(route.Path))
                .Select(route => $"{route.Method} {route.Path.Replace("{**", "{", StringComparison.Ordinal)}")
                .Order(),
            document.Operations.Select(operation => operation.ToString()).Order()
        );
        Assert.Equal(
            Hidden.Order(),
            Mapped()
                .Where(route => route.Endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is { ExcludeFromDescription: true })
                .Select(route => route.Path)
                .Distinct()
                .Order()
        );
    }

    [Fact]
    public async Task Operation_Each_SaysWhatItDoesAndHowItRefuses()
    {
        using var reader = server.NewUser();
        var document = await ApiDocument.ReadAsync(reader);
        var tags = document.Root.GetProperty("tags").EnumerateArray().Select(tag => tag.GetProperty("name").GetString()).ToHashSet();
        Assert.Equal(document.Operations.Count, document.Operations.Select(operation => operation.Id).Distinct().Count());
        foreach (var operation in document.Operations)
        {
            Assert.Matches("^[a-z][A-Za-z0-9]+$", operation.Id);
            Assert.Matches(@"^[A-Z][^`]+\.$", operation.Json.GetProperty("summary").GetString());
            Assert.True(
                operation.Json.GetProperty("tags").EnumerateArray().All(tag => tags.Contains(tag.GetString())),
                $"{operation}: a tag without a description"
            );
            Assert.True(operation.Statuses.Any(status => status is >= 200 and < 300), $"{operation}: no success");
            Assert.True(operation.Statuses.Contains(401), $"{operation}: no 401");
            Assert.Equal(operation.Body is not null, operation.Statuses.Contains(415));
            Assert.Equal(operation.Body is not null, operation.Statuses.Contains(413));
            Assert.True(operation.Body is null || operation.Statuses.Contains(400), $"{operation}: no 400");
            Assert.Equal(
                operation.Method is not ("GET" or "HEAD"),
                operation.Statuses.Contains(403)
                    && operation.Response(403)!.Value.ToString().Contains("cross_site", StringComparison.Ordinal)
            );
            Assert.True(
                !operation.Path.Contains('{') || operation.Statuses.Contains(404) || operation.Statuses.Contains(204),
                $"{operation}: nothing for an id that is not there"
            );
            Assert.Equal(
                operation.Path.Contains('{') ? ["id"] : [],
                operation
                    .Parameters.Where(parameter => parameter.GetProperty("in").GetString() == "path")
                    .Select(parameter => parameter.GetProperty("name").GetString()!)
            );
            Assert.All(operation.Parameters, parameter => Assert.NotEmpty(parameter.GetProperty("description").GetString()!));
        }
    }

    [Fact]
    public async Task Operation_Each_SaysItsRateLimitPolicyAndItsBodies()
    {
        using var reader = server.NewUser();
        var document = await ApiDocument.ReadAsync(reader);
        var bodies = 0;
        foreach (var (method, path, endpoint) in Mapped().Where(route => !Hidden.Contains(route.Path)))
        {
            var operation = document.Operation(method, path.Replace("{**", "{", StringComparison.Ordinal));
            Assert.Equal(
                endpoint.Metadata.GetRequiredMetadata<RateLimitPolicyMetadata>().Policy,
                operation.Json.GetProperty("x-rate-limit").GetString()
            );
            var taken = endpoint.Metadata.GetOrderedMetadata<RequestBodyMetadata>().Where(body => body.Type is not null).ToList();
            if (taken.Count == 0)
            {
                continue;
            }

            bodies++;
            var schema = operation.Body!.Value.GetProperty("schema");
            var alternatives = schema.TryGetProperty("anyOf", out var several) ? several.EnumerateArray().ToList() : [schema];
            Assert.Equal(taken.Count, alternatives.Count);
            foreach (var (body, reference) in taken.Zip(alternatives))
            {
                var described = document.Schema(reference.GetProperty("$ref").GetString()!.Split('/')[^1]);
                Assert.Equal(
                    body.Type!.GetProperties().Select(NameOf).Order(),
                    described.GetProperty("properties").EnumerateObject().Select(member => member.Name).Order()
                );
                Assert.Equal(
                    !body.IsTolerant,
                    described.TryGetProperty("additionalProperties", out var additional) && additional.ValueKind == JsonValueKind.False
                );
            }
        }

        Assert.True(bodies >= 15, $"{bodies} routes with bodies");
    }

    [Fact]
    public async Task Example_Each_FitsItsSchemaAndIsTaken()
    {
        using var ana = server.NewUser();
        var document = await ApiDocument.ReadAsync(ana);
        var answer = await ana.AnsweredAsync(Script);
        var count = 0;
        foreach (var operation in document.Operations)
        {
            foreach (var (name, example) in operation.Examples)
            {
                count++;
                var errors = document.Errors(example, operation.Body!.Value.GetProperty("schema"), isClosed: false);
                Assert.True(errors.Count == 0, $"{operation}, {name}: {string.Join("; ", errors)}");
                using var response = await ana.SendAsync(
                    operation.Method,
                    operation.Path.Replace("{id}", answer.ConversationId, StringComparison.Ordinal),
                    example.GetRawText()
                );
                Assert.True(
                    response.IsSuccessStatusCode,
                    $"{operation}, {name}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(Token)}"
                );
                await response.Content.CopyToAsync(Stream.Null, Token);
            }
        }

        Assert.True(count >= 10, $"{count} examples");
    }

    [Fact]
    public async Task Parameter_OutsideOfWhatIsSaid_IsRefused()
    {
        using var ana = server.NewUser();
        var document = await ApiDocument.ReadAsync(ana);
        var answer = await ana.AnsweredAsync(Script);
        var response = (await document.CheckAsync(ana, 200, "POST", "/v1/responses", new { model = "scripted", input = Script }))
            .GetProperty("id")
            .GetString()!;
        var count = 0;
        foreach (var operation in document.Operations.Where(operation => operation.Method == "GET"))
        {
            foreach (var parameter in operation.Parameters.Where(parameter => parameter.GetProperty("in").GetString() == "query"))
            {
                foreach (var (value, isGood) in Values(parameter.GetProperty("schema")))
                {
                    count++;
                    var name = parameter.GetProperty("name").GetString()!;
                    var others = operation
                        .Parameters.Where(other =>
                            other.TryGetProperty("required", out var required)
                            && required.GetBoolean()
                            && other.GetProperty("in").GetString() == "query"
                            && other.GetProperty("name").GetString() != name
                        )
                        .Select(other => $"&{other.GetProperty("name").GetString()}={answer.ConversationId}");
                    var live = name == "live" ? "&offset=-1" : "";
                    var path = operation.Path.Replace(
                        "{id}",
                        operation.Path.StartsWith("/v1/", StringComparison.Ordinal) ? response
                            : operation.Path.Contains("generations", StringComparison.Ordinal) ? answer.GenerationId
                            : answer.ConversationId,
                        StringComparison.Ordinal
                    );
                    using var got = await ana.SendAsync("GET", $"{path}?{name}={value}{string.Concat(others)}{live}");
                    Assert.True(
                        (int)got.StatusCode is 400 == !isGood,
                        $"{operation} {name}={value}: {(int)got.StatusCode} {await got.Content.ReadAsStringAsync(Token)}"
                    );
                }
            }
        }

        Assert.True(count >= 40, $"{count} values");
    }

    [Fact]
    public async Task Answers_OfOurOwnRoutes_AreAsDescribed()
    {
        using var ana = server.NewUser();
        var document = await ApiDocument.ReadAsync(ana);
        await document.CheckAsync(ana, 200, "GET", "/health/live");
        await document.CheckAsync(ana, 200, "GET", "/health/ready");
        await document.CheckAsync(ana, 401, "GET", "/api/v1/feed");
        await document.CheckAsync(ana, 200, "GET", "/api/v1/conversations");
        await document.CheckAsync(ana, 200, "GET", "/api/v1/me");
        await document.CheckAsync(ana, 200, "GET", "/api/v1/models");

        var created = await document.CheckAsync(ana, 201, "POST", "/api/v1/conversations", new { title = "A title" });
        var conversation = created.GetProperty("id").GetString()!;
        await document.CheckAsync(ana, 200, "PATCH", $"/api/v1/conversations/{conversation}", new { title = "Another" });
        await document.CheckAsync(
            ana,
            201,
            "POST",
            $"/api/v1/conversations/{conversation}/messages",
            new { role = "user", content = "A note" }
        );
        var answer = await document.CheckAsync(
            ana,
            200,
            "POST",
            "/api/chat",
            new
            {
                message = "#script tokens=4 reasoning=2 tool=1 delay=0",
                conversationId = conversation,
                model = "scripted",
                stream = false,
            }
        );
        var generation = answer.GetProperty("generationId").GetString()!;
        await document.CheckAsync(ana, 200, "GET", $"/api/v1/conversations/{conversation}");
        await document.CheckAsync(ana, 200, "GET", $"/api/v1/conversations?limit=1");
        await document.CheckAsync(ana, 200, "GET", $"/api/v1/conversations/{conversation}/messages?limit=2");
        await document.CheckAsync(ana, 200, "GET", $"/api/v1/messages/{answer.GetProperty("messageId").GetString()}");
        await document.CheckAsync(ana, 200, "GET", $"/api/v1/generations/{generation}");
        await document.CheckAsync(ana, 200, "POST", $"/api/v1/generations/{generation}/ticket");
        await document.CheckAsync(ana, 200, "POST", $"/api/v1/generations/{generation}/stop", new { position = 1 });
        await document.CheckAsync(ana, 200, "POST", $"/api/v1/generations/{generation}/retry", new { stream = false });
        await document.CheckAsync(ana, 200, "POST", $"/api/v1/generations/{generation}/continue", new { stream = false, position = 12 });
        await document.CheckAsync(ana, 409, "POST", $"/api/v1/generations/{generation}/continue");
        await document.CheckAsync(ana, 400, "POST", $"/api/v1/generations/{generation}/continue", new { position = 1_000_000 });
        await document.CheckAsync(ana, 200, "GET", $"/api/v1/generations/{generation}/events");
        await document.CheckAsync(ana, 200, "GET", $"/api/v1/generations/{generation}/events?format=text");
        await document.CheckAsync(ana, 400, "GET", $"/api/v1/generations/{generation}/events?format=ui&after=1");
        await document.CheckAsync(ana, 400, "GET", $"/api/v1/generations/{generation}/events?after=99999");
        var end = (await ana.GetAsync($"/api/v1/generations/{generation}")).GetProperty("position").GetInt64();
        await document.CheckAsync(ana, 204, "GET", $"/api/v1/generations/{generation}/events?after={end}");

        await document.CheckAsync(ana, 200, "GET", $"/api/v1/generations/{generation}/stream");
        await document.CheckAsync(ana, 200, "HEAD", $"/api/v1/generations/{generation}/stream");
        await document.CheckAsync(ana, 200, "GET", $"/api/v1/generations/{generation}/stream?offset=-1&live=sse");
        await document.CheckAsync(ana, 200, "GET", $"/api/v1/generations/{generation}/stream?offset=-1&live=long-poll");
        await document.CheckAsync(ana, 204, "GET", $"/api/v1/generations/{generation}/stream?offset=now&live=long-poll");
        await document.CheckAsync(ana, 200, "GET", $"/api/v1/generations/{generation}/stream/text?offset=-1");
        await document.CheckAsync(ana, 304, "GET", $"/api/v1/generations/{generation}/stream", null, ("If-None-Match", "*"));
        await document.CheckAsync(ana, 400, "GET", $"/api/v1/generations/{generation}/stream?live=sse");
        await document.CheckAsync(ana, 204, "DELETE", $"/api/v1/conversations/{conversation}");
        await document.CheckAsync(ana, 404, "GET", $"/api/v1/generations/{generation}");
        await document.CheckAsync(ana, 404, "GET", $"/api/v1/generations/{generation}/stream");
    }

    [Fact]
    public async Task Answers_OfChatRoutes_AreAsDescribed()
    {
        using var ana = server.NewUser();
        var document = await ApiDocument.ReadAsync(ana);
        object Turn(string id, string text) =>
            new
            {
                id,
                trigger = "submit-message",
                model = "scripted",
                messages = new[]
                {
                    new
                    {
                        id = "m1",
                        role = "user",
                        parts = new[] { new { type = "text", text } },
                    },
                },
            };
        await document.CheckAsync(ana, 200, "POST", "/api/chat", Turn("described", Script));
        await document.CheckAsync(ana, 200, "POST", "/api/chat/text", new { message = Script, model = "scripted" });
        await document.CheckAsync(ana, 204, "GET", "/api/chat/described/stream");
        await document.CheckAsync(ana, 200, "GET", "/api/chat?chatId=described");
        await document.CheckAsync(ana, 200, "POST", "/api/chat/described/stop");
        await document.CheckAsync(ana, 404, "POST", "/api/chat/nothing/stop");
        await document.CheckAsync(ana, 400, "POST", "/api/chat", new { message = "" });
        await document.CheckAsync(ana, 400, "POST", "/api/chat", new { message = "x", colour = "red" });
        await document.CheckAsync(ana, 400, "POST", "/api/chat", new { message = "x", model = "unknown/model" });
        await document.CheckAsync(ana, 400, "POST", "/api/chat?format=morse", new { message = "x" });
        await document.CheckAsync(ana, 400, "POST", "/api/chat", new { message = "x" }, ("Idempotency-Key", ""));
        await document.CheckAsync(ana, 404, "POST", "/api/chat", new { message = "x", conversationId = "nothing" });
        await document.CheckAsync(ana, 413, "POST", "/api/chat", new { message = new string('x', 1024 * 1024 + 1) });
        await document.CheckAsync(
            ana,
            502,
            "POST",
            "/api/chat",
            new
            {
                message = "#script tokens=3 error-after=1 delay=0",
                model = "scripted",
                stream = false,
            }
        );
        await document.CheckAsync(
            ana,
            429,
            "POST",
            "/api/chat",
            new
            {
                message = "#ratelimit",
                model = "scripted",
                stream = false,
            }
        );
        await document.CheckAsync(
            ana,
            200,
            "POST",
            "/api/chat",
            new
            {
                message = Script,
                model = "scripted",
                stream = false,
            },
            ("Idempotency-Key", "described")
        );
        await document.CheckAsync(
            ana,
            422,
            "POST",
            "/api/chat",
            new
            {
                message = "another",
                model = "scripted",
                stream = false,
            },
            ("Idempotency-Key", "described")
        );
        await document.CheckAsync(ana, 401, "GET", "/api/v1/me", null, ("Authorization", "Basic eDp4"));
        await document.CheckAsync(ana, 403, "POST", "/api/chat", new { message = "x" }, ("Sec-Fetch-Site", "cross-site"));

        await document.CheckAsync(
            ana,
            200,
            "POST",
            "/api/v1/chat",
            new
            {
                message = Script,
                conversationId = "described-v1",
                model = "scripted",
            }
        );
        await document.CheckAsync(ana, 400, "POST", "/api/v1/chat", new { message = Script, agentId = "x" });
        await document.CheckAsync(ana, 200, "GET", "/api/v1/chat");
        await document.CheckAsync(ana, 200, "GET", "/api/v1/chat?chatId=described-v1");
        await document.CheckAsync(ana, 200, "GET", "/api/v1/chat/described-v1?order=asc");
        await document.CheckAsync(ana, 204, "GET", "/api/v1/chat/described-v1/stream");
        await document.CheckAsync(ana, 200, "POST", "/api/v1/chat/described-v1/stop");
        await document.CheckAsync(ana, 200, "POST", "/api/v1/chat/described-v1/archive");
        await document.CheckAsync(ana, 200, "DELETE", "/api/v1/chat/described-v1");

        foreach (var prefix in new[] { "/chat", "/api/chat" })
        {
            var started = await document.CheckAsync(ana, 201, "POST", $"{prefix}/start", new { modelId = "scripted", prompt = Script });
            var session = started.GetProperty("sessionId").GetString();
            await document.CheckAsync(ana, 200, "POST", $"{prefix}/ticket", new { sessionId = session });
            await document.CheckAsync(ana, 200, "GET", $"{prefix}/stream?sessionId={session}");
            await document.CheckAsync(ana, 200, "GET", $"{prefix}/history?chatId={started.GetProperty("chatId").GetString()}");
            await document.CheckAsync(ana, 400, "GET", $"{prefix}/history");
            await document.CheckAsync(ana, 404, "POST", $"{prefix}/ticket", new { sessionId = "nothing" });
        }

        var row = await document.CheckAsync(ana, 201, "POST", "/api/chat/conversations", new { title = "Rows" });
        var id = row.GetProperty("id").GetString();
        await document.CheckAsync(
            ana,
            201,
            "POST",
            $"/api/chat/conversations/{id}/messages",
            new
            {
                role = "user",
                content = "A note",
                metadata = new { a = 1 },
            }
        );
        await document.CheckAsync(ana, 200, "GET", $"/api/chat/conversations/{id}/messages");
        await document.CheckAsync(ana, 200, "GET", "/api/chat/conversations?limit=5");
        await document.CheckAsync(ana, 403, "GET", "/api/chat/conversations?user_id=another-user");
        await document.CheckAsync(ana, 200, "DELETE", $"/api/chat/conversations?id={id}");
    }

    [Fact]
    public async Task Answers_OfTextStreams_AreAsDescribed()
    {
        using var ana = server.NewUser();
        var document = await ApiDocument.ReadAsync(ana);
        var created = await document.CheckAsync(ana, 201, "POST", "/chat-stream/create", new { prompt = Script, model = "scripted" });
        var (chat, stream) = (created.GetProperty("chatId").GetString(), created.GetProperty("streamId").GetString());
        await document.CheckAsync(ana, 200, "POST", $"/chat-stream/chats/{chat}/status", new { status = "pending" });
        await document.CheckAsync(ana, 409, "POST", $"/chat-stream/chats/{chat}/status", new { status = "completed" });
        await document.CheckAsync(ana, 400, "POST", $"/chat-stream/chats/{chat}/status", new { status = "done" });
        await document.CheckAsync(ana, 200, "GET", $"/chat-stream/body?streamId={stream}");
        await document.CheckAsync(ana, 200, "POST", "/chat-stream", new { streamId = stream });
        await document.CheckAsync(ana, 205, "POST", "/chat-stream", new { streamId = stream });
        await document.CheckAsync(ana, 400, "POST", "/chat-stream", new { prompt = "x" });
        await document.CheckAsync(ana, 200, "GET", $"/chat-stream/body?streamId={stream}&live=sse");
        await document.CheckAsync(ana, 404, "GET", "/chat-stream/body?streamId=nothing");
        await document.CheckAsync(ana, 200, "GET", "/chat-stream/chats?limit=5");
        await document.CheckAsync(ana, 403, "GET", "/chat-stream/chats?user_id=another-user");
        await document.CheckAsync(ana, 200, "GET", $"/chat-stream/chats/{chat}");
        await document.CheckAsync(ana, 204, "DELETE", $"/chat-stream/chats/{chat}");
        await document.CheckAsync(ana, 404, "GET", $"/chat-stream/chats/{chat}");
        await document.CheckAsync(
            ana,
            403,
            "POST",
            "/chat-stream/create",
            new Dictionary<string, string> { ["prompt"] = "x", ["user_id"] = "another-user" }
        );

        await document.CheckAsync(ana, 200, "POST", "/api/query", new { path = "any:listChats", args = new[] { new { limit = 5 } } });
        await document.CheckAsync(ana, 560, "POST", "/api/query", new { path = "any:nothing" });
        await document.CheckAsync(ana, 200, "POST", "/api/mutation", new { path = "any:createChat", args = new { prompt = Script } });
        await document.CheckAsync(ana, 560, "POST", "/api/mutation", new { path = "any:createChat", args = new { } });
        await document.CheckAsync(ana, 400, "POST", "/api/query", new { args = new { } });
        await document.CheckAsync(ana, 200, "POST", "/api/action");
    }

    [Fact]
    public async Task Answers_OfTheOpenAIApi_AreAsDescribed()
    {
        using var ana = server.NewUser();
        var document = await ApiDocument.ReadAsync(ana);
        await document.CheckAsync(ana, 200, "GET", "/v1/models");
        await document.CheckAsync(ana, 200, "GET", "/v1/models/demo/scripted");
        await document.CheckAsync(ana, 404, "GET", "/v1/models/unknown");
        var tool = new { type = "function", function = new { name = "get_weather", parameters = new { type = "object" } } };
        foreach (var script in new[] { Script, "#script tokens=2 reasoning=2 delay=0", "#script tool=2 delay=0" })
        {
            await document.CheckAsync(
                ana,
                200,
                "POST",
                "/v1/chat/completions",
                new
                {
                    model = "scripted",
                    messages = new[] { new { role = "user", content = script } },
                    tools = new[] { tool },
                }
            );
        }

        await document.CheckAsync(
            ana,
            200,
            "POST",
            "/v1/chat/completions",
            new
            {
                model = "scripted",
                stream = true,
                messages = new[] { new { role = "user", content = Script } },
            }
        );
        await document.CheckAsync(ana, 400, "POST", "/v1/chat/completions", new { model = "scripted" });
        await document.CheckAsync(
            ana,
            404,
            "POST",
            "/v1/chat/completions",
            new { model = "unknown", messages = new[] { new { role = "user", content = "x" } } }
        );
        await document.CheckAsync(
            ana,
            429,
            "POST",
            "/v1/chat/completions",
            new { model = "scripted", messages = new[] { new { role = "user", content = "#ratelimit" } } }
        );
        await document.CheckAsync(ana, 415, "POST", "/v1/responses");
        await document.CheckAsync(ana, 401, "GET", "/v1/models", null, ("Authorization", "Basic eDp4"));

        foreach (var script in new[] { Script, "#script tokens=2 reasoning=2 delay=0", "#script tool=2 delay=0" })
        {
            await document.CheckAsync(
                ana,
                200,
                "POST",
                "/v1/responses",
                new
                {
                    model = "scripted",
                    input = script,
                    tools = new[] { new { type = "function", name = "get_weather" } },
                }
            );
        }

        await document.CheckAsync(
            ana,
            200,
            "POST",
            "/v1/responses",
            new
            {
                model = "scripted",
                input = Script,
                stream = true,
            }
        );
        var running = await document.CheckAsync(
            ana,
            200,
            "POST",
            "/v1/responses",
            new
            {
                model = "scripted",
                input = "#script tokens=1000 delay=20",
                background = true,
            }
        );
        var id = running.GetProperty("id").GetString();
        await document.CheckAsync(ana, 200, "GET", $"/v1/responses/{id}");
        await document.CheckAsync(ana, 200, "POST", $"/v1/responses/{id}/cancel");
        await document.CheckAsync(ana, 200, "GET", $"/v1/responses/{id}?stream=true&starting_after=2");
        await document.CheckAsync(ana, 200, "DELETE", $"/v1/responses/{id}");
        await document.CheckAsync(ana, 404, "GET", $"/v1/responses/{id}");
    }

    [Fact]
    public async Task Events_OfEachFormatThatIsDescribed_FitTheirSchema()
    {
        using var ana = server.NewUser();
        var document = await ApiDocument.ReadAsync(ana);
        HashSet<string> seen = [];
        foreach (var script in new[] { "#script tokens=3 reasoning=2 tool=1 delay=0", "#script tokens=9 error-after=4 delay=0" })
        {
            var answer = await ana.AnsweredAsync(script);
            foreach (var next in answer.Events)
            {
                Fits("GenerationEvent", next.Json);
            }

            seen.UnionWith(answer.Events.Select(next => next.Type));
            foreach (var (format, schema) in new[] { ("token", "TokenEvent"), ("content", "ContentEvent") })
            {
                using var response = await ana.SendAsync("GET", $"/api/v1/generations/{answer.GenerationId}/events?format={format}");
                foreach (
                    var line in (await response.Content.ReadAsStringAsync(Token))
                        .Split('\n')
                        .Where(line => line.StartsWith("data: ", StringComparison.Ordinal))
                )
                {
                    Fits(schema, JsonElement.Parse(line["data: ".Length..]));
                }
            }

            await using var again = await ana.StreamAsync(
                "POST",
                $"/api/v1/generations/{answer.GenerationId}/continue",
                new { position = 4 }
            );
            foreach (var next in (await again.ToEndAsync()).Events)
            {
                Fits("GenerationEvent", next.Json);
            }

            seen.UnionWith(again.Events.Select(next => next.Type));
        }

        // Every kind of event that is described has come.
        Assert.Equal(
            document
                .Schema("GenerationEvent")
                .GetProperty("oneOf")
                .EnumerateArray()
                .Select(kind => kind.GetProperty("title").GetString()!)
                .Order(),
            seen.Order()
        );

        await using var feed = await ana.StreamAsync("GET", "/api/v1/feed");
        await feed.UntilAsync("hello");
        var told = await ana.AnsweredAsync(Script);
        await feed.UntilAsync("conversation");
        (await ana.SendAsync("DELETE", $"/api/v1/conversations/{told.ConversationId}")).Dispose();
        await feed.UntilAsync("conversation-deleted");
        foreach (var next in feed.Events)
        {
            Fits("FeedEvent", next.Json);
        }

        void Fits(string schema, JsonElement json)
        {
            var errors = document.Errors(json, document.Schema(schema));
            Assert.True(errors.Count == 0, $"{schema}: {string.Join("; ", errors)}\n{json}");
        }
    }

    [Fact]
    public async Task Reference_IsServedFromHereAlone()
    {
        using var reader = server.NewUser();
        using var page = await reader.SendAsync("GET", "/reference/index.html");
        var html = await page.Content.ReadAsStringAsync(Token);
        Assert.Equal("text/html", page.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("//", Links().Matches(html).Select(link => link.Groups[1].Value));
        foreach (var link in Links().Matches(html).Select(link => link.Groups[1].Value))
        {
            using var file = await reader.SendAsync("GET", new Uri(new Uri("http://parley/reference/index.html"), link).PathAndQuery);
            Assert.True(file.IsSuccessStatusCode, $"{link}: {file.StatusCode}");
        }

        using var elsewhere = await reader.SendAsync("GET", "/reference/nothing.js");
        Assert.Equal(404, (int)elsewhere.StatusCode);
    }

    /// <summary>The values at the edges of a schema, and those beyond.</summary>
    private static IEnumerable<(string Value, bool IsGood)> Values(JsonElement schema)
    {
        if (schema.TryGetProperty("enum", out var names))
        {
            foreach (var name in names.EnumerateArray())
            {
                yield return (name.GetString()!, true);
            }

            yield return ("nonsense", false);
        }

        if (schema.TryGetProperty("minimum", out var least))
        {
            yield return ((least.GetInt64() - 1).ToString(System.Globalization.CultureInfo.InvariantCulture), false);
        }

        if (!schema.TryGetProperty("maximum", out var most))
        {
            yield break;
        }

        yield return (least.ToString(), true);
        yield return (most.ToString(), true);
        yield return ((most.GetInt64() + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), false);
    }

    private IEnumerable<(string Method, string Path, RouteEndpoint Endpoint)> Mapped() =>
        from endpoint in server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        where endpoint.Metadata.GetMetadata<HttpMethodMetadata>() is not null
        from method in endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
        select (method, "/" + endpoint.RoutePattern.RawText!.Trim('/'), endpoint);

    private static string NameOf(PropertyInfo member) =>
        member.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(member.Name);

    [GeneratedRegex("\"#/components/schemas/([A-Za-z0-9]+)\"")]
    private static partial Regex Reference();

    [GeneratedRegex("(?:src|href)=\"([^\"]+)\"")]
    private static partial Regex Links();
}
