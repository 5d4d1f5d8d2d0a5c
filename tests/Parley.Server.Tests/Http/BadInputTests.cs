using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Parley.Server.Http.Json;
using Parley.Server.OpenApi;
using Parley.Server.Tests.Hosting;
using Problem = Parley.Server.Tests.Hosting.Problem;

namespace Parley.Server.Tests.Http;

/// <summary>A server of its own with one object of each kind, which no invalid request may change.</summary>
public sealed class BadInputServer : IAsyncLifetime
{
    internal ParleyServer Server { get; private set; } = null!;

    internal TestUser Ana { get; private set; } = null!;

    internal ObjectIds ObjectIds { get; private set; } = null!;

    internal IReadOnlyList<Route> Routes { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await ParleyServer.StartAsync();
        Ana = Server.NewUser();
        await Ana.AnsweredAsync("#script tokens=3 delay=0");
        ObjectIds = await CreateObjectsAsync(Ana);
        Routes = Route.All(Server);
    }

    /// <summary>Creates one object of each kind, with which every request succeeds.</summary>
    internal static async Task<ObjectIds> CreateObjectsAsync(TestUser user)
    {
        var failed = await user.AnsweredAsync("#script tokens=9 error-after=4 delay=0");
        var session = await user.JsonAsync("POST", "/chat/start", new { modelId = "scripted", prompt = "x" }, 201);
        var response = await user.JsonAsync("POST", "/v1/responses", new { model = "scripted", input = "#script tokens=1 delay=0" });
        var chat = await user.JsonAsync("POST", "/chat-stream/create", new { prompt = "x", model = "scripted" }, 201);
        var stream = await user.JsonAsync("POST", "/chat-stream/create", new { prompt = "x", model = "scripted" }, 201);
        return new ObjectIds(
            failed.ConversationId,
            failed.MessageId,
            failed.GenerationId,
            session.GetProperty("sessionId").GetString()!,
            response.GetProperty("id").GetString()!,
            chat.GetProperty("chatId").GetString()!,
            stream.GetProperty("streamId").GetString()!
        );
    }

    public async ValueTask DisposeAsync()
    {
        Ana.Dispose();
        await Server.DisposeAsync();
    }
}

/// <summary>
/// Sends invalid bodies to every route that accepts one, found in the app's own list of endpoints and members. Each gets a 4xx problem,
/// nothing is stored, and the server keeps running.
/// </summary>
public sealed class BadInputTests(BadInputServer fixture) : IClassFixture<BadInputServer>
{
    private static readonly string[] Foreign =
    [
        "tenantId",
        "userId",
        "ownerId",
        "role_",
        "isAdmin",
        "id",
        "createdAt",
        "status",
        "cost",
        "__proto__",
        "constructor",
        "",
        "Message",
        "MESSAGE",
        "title_",
        "généré",
    ];

    /// <summary>Bodies that no route accepts, by name.</summary>
    public static TheoryData<string> WholeBodies => [.. Bodies.Keys.Order(StringComparer.Ordinal)];

    private static readonly Dictionary<string, byte[]> Bodies = new()
    {
        ["truncated"] = Utf8("{\"title\":\"x"),
        ["trailing garbage"] = Utf8("{} x"),
        ["two documents"] = Utf8("{}{}"),
        ["comment"] = Utf8("{/* c */}"),
        ["line comment"] = Utf8("{} // c"),
        ["trailing comma"] = Utf8("{\"model\":\"scripted\",}"),
        ["single quotes"] = Utf8("{'model':'scripted'}"),
        ["unquoted"] = Utf8("{model:1}"),
        ["only a brace"] = Utf8("{"),
        ["raw line feed in a string"] = Utf8("{\"model\":\"a\nb\"}"),
        ["null"] = Utf8("null"),
        ["array"] = Utf8("[]"),
        ["array of one"] = Utf8("[{}]"),
        ["string"] = Utf8("\"x\""),
        ["number"] = Utf8("1"),
        ["true"] = Utf8("true"),
        ["empty"] = [],
        ["blank"] = Utf8("  \r\n "),
        ["only a BOM"] = [0xEF, 0xBB, 0xBF],
        ["two BOMs"] = [0xEF, 0xBB, 0xBF, 0xEF, 0xBB, 0xBF, (byte)'{', (byte)'}'],
        ["depth 33"] = Utf8(Nested(33)),
        ["depth 65"] = Utf8(Nested(65)),
        ["depth 100000"] = Utf8(Nested(100_000)),
        ["arrays 100000"] = Utf8("{\"model\":" + new string('[', 100_000)),
        ["100000 members"] = Utf8("{" + string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"k{i}\":1")) + "}"),
        ["array of 500000"] = Utf8("{\"model\":[" + string.Join(',', Enumerable.Repeat("1", 500_000)) + "]}"),
        ["2 MB of letters"] = Utf8("{\"model\":\"" + new string('x', 2_000_000) + "\"}"),
        ["2 MB of blanks"] = Utf8(new string(' ', 2_000_000) + "{}"),
        ["31 MB"] = Utf8(new string(' ', 31_000_000)),
        ["invalid UTF-8 in a name"] = [(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}'],
        ["UTF-16"] = Encoding.Unicode.GetBytes("{}"),
        ["UTF-16 with BOM"] = [0xFF, 0xFE, .. Encoding.Unicode.GetBytes("{}")],
        ["lone surrogate in a name"] = Utf8("{\"\\ud800\":1}"),
        ["NUL in a name"] = Utf8("{\"\\u0000\":1}"),
        ["NUL after a name"] = Utf8("{\"model\\u0000\":\"x\"}"),
        ["raw NUL outside"] = [(byte)'{', 0, (byte)'}'],
        ["raw NUL at the end"] = [(byte)'{', (byte)'}', 0],
        ["only NULs"] = new byte[64],
        ["deep NUL"] = Utf8("{\"metadata\":{\"a\":[\"\\u0000\"]}}"),
    };

    [Theory]
    [MemberData(nameof(WholeBodies))]
    public Task Body_NotAnObjectOfOurs_IsRefusedEverywhere(string name) => EveryRouteAsync(_ => [Json(Bodies[name])]);

    [Theory]
    [InlineData("number", "5")]
    [InlineData("string", "\"text\"")]
    [InlineData("true", "true")]
    [InlineData("quoted true", "\"true\"")]
    [InlineData("quoted number", "\"5\"")]
    [InlineData("object", "{}")]
    [InlineData("array", "[]")]
    [InlineData("array of text", "[\"x\"]")]
    [InlineData("nested null", "[null]")]
    public async Task Member_OfAWrongType_IsNamed(string name, string json)
    {
        // For every member of every route
        Assert.NotEmpty(name);
        await EveryMemberAsync(json, type => !Fits(type, json), "wrong_type", named: true);
    }

    [Theory]
    [InlineData("1e400")]
    [InlineData("1.5")]
    [InlineData("1.0")]
    [InlineData("1e2")]
    [InlineData("9223372036854775808")]
    [InlineData("-9223372036854775809")]
    [InlineData("99999999999999999999999999999999")]
    [InlineData("\" 5\"")]
    [InlineData("\"5 \"")]
    [InlineData("\"\u0665\"")]
    [InlineData("\"1_000\"")]
    [InlineData("\"NaN\"")]
    [InlineData("\"Infinity\"")]
    public Task Number_OutOfRangeOrNotWhole_IsRefused(string json) =>
        EveryRouteAsync(
            route =>
                route.IsOpenAI && json is "1.0" or "1e2"
                    ? []
                    : EachMember(route, json, type => type == typeof(long?) || type == typeof(int?), named: true),
            "wrong_type"
        );

    [Theory]
    [InlineData("-2.0000001")]
    [InlineData("1e400")]
    [InlineData("2.0000001")]
    [InlineData("9223372036854775808")]
    public Task Fraction_OutOfRange_IsRefused(string json) =>
        EveryMemberAsync(json, type => type == typeof(double?), "out_of_range", named: true);

    [Theory]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("-")]
    [InlineData("+1")]
    [InlineData("01")]
    [InlineData("0x10")]
    [InlineData(".5")]
    [InlineData("1_000")]
    [InlineData("\u0665")]
    [InlineData("undefined")]
    [InlineData("True")]
    public Task Value_ThatIsNotJson_IsRefused(string json) => EveryMemberAsync(json, _ => true, "malformed_json");

    [Theory]
    [InlineData("\"a\\u0000b\"")]
    [InlineData("\"\\u0000\"")]
    [InlineData("\"\\ud800\"")]
    [InlineData("\"a\\udfffb\"")]
    [InlineData("\"\\udc00\\ud800\"")]
    [InlineData("\"\\ud83dx\"")]
    public Task Text_WithNulOrHalfASurrogatePair_IsRefused(string json) =>
        EveryMemberAsync(json, type => type == typeof(string), "invalid_text", named: true);

    public static TheoryData<string> InvalidUtf8 =>
        [
            "C328",
            "E28228",
            "F0288CBC",
            "C080",
            "C0AF",
            "E080AF",
            "F08080AF",
            "EDA080",
            "EDBFBF",
            "EDA0BDEDB880",
            "F4908080",
            "F888808080",
            "FE",
            "FF",
            "80",
            "E282",
            "00",
            "01",
            "1F",
            "0A",
        ];

    [Theory]
    [MemberData(nameof(InvalidUtf8))]
    public Task Text_InInvalidUtf8_IsRefused(string hex) =>
        EveryRouteAsync(route =>
            route
                .Members.Where(member => member.PropertyType == typeof(string))
                .Select(member => Object(route, Route.NameOf(member), "\"a@@b\"").Split("@@"))
                .Select(halves => Json([.. Utf8(halves[0]), .. Convert.FromHexString(hex), .. Utf8(halves[1])]))
        );

    [Fact]
    public Task Member_Unknown_IsRefusedEverywhere() =>
        EveryRouteAsync(
            route =>
                route.IsTolerant
                    ? []
                    : Foreign
                        .Where(name => !route.Members.Any(member => Route.NameOf(member) == name))
                        .Select(name => Json(Utf8(Object(route, name, "\"x\"")))),
            "unknown_member"
        );

    [Fact]
    public Task Member_OutsideOfItsDescribedValues_IsRefused() =>
        EveryRouteAsync(route =>
            from member in route.Members
            let name = Route.NameOf(member)
            where name != "trigger" // clients of the AI SDK may send further ones
            from value in OutsideOf(member)
            select Json(Utf8(value is null ? Without(route, name) : Object(route, name, value)))
        );

    /// <summary>Values that the API document excludes, as JSON; null for a member that is absent.</summary>
    private static IEnumerable<string?> OutsideOf(PropertyInfo member) =>
        member
            .GetCustomAttributes<Attribute>()
            .SelectMany(static attribute =>
                attribute switch
                {
                    SchemaRequiredAttribute => [null, "null"],
                    SchemaRangeAttribute range => [$"{range.Minimum - 1}", $"{range.Maximum + 1}"],
                    SchemaValuesAttribute => ["\"nonsense\""],
                    _ => Array.Empty<string?>(),
                }
            );

    [Fact]
    public Task Member_Twice_IsRefusedEverywhere() =>
        EveryRouteAsync(
            route =>
                Good(route)
                    .Select(pair =>
                    {
                        var json = JsonSerializer.Serialize(Good(route));
                        return Json(Utf8($"{json[..^1]},\"{pair.Key}\":{JsonSerializer.Serialize(pair.Value)}}}"));
                    }),
            "duplicate_member"
        );

    [Fact]
    public Task Member_TwiceUnderAnEscapedName_IsRefusedEverywhere() =>
        EveryRouteAsync(
            route =>
                Good(route)
                    .Select(pair =>
                    {
                        var json = JsonSerializer.Serialize(Good(route));
                        return Json(
                            Utf8($"{json[..^1]},\"\\u{(int)pair.Key[0]:x4}{pair.Key[1..]}\":{JsonSerializer.Serialize(pair.Value)}}}")
                        );
                    }),
            "duplicate_member"
        );

    [Theory]
    [InlineData(null)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/json, application/json")]
    [InlineData("application/json; charset=utf-7")]
    [InlineData("application/json; charset=iso-8859-1")]
    [InlineData("application/json; charset=nonsense")]
    [InlineData("application/json; charset=")]
    [InlineData("application/jsonx")]
    [InlineData("application/*")]
    [InlineData("*/*")]
    [InlineData("json")]
    [InlineData("\"")]
    public Task MediaType_OtherThanJson_Is415(string? type) =>
        EveryRouteAsync(
            route =>
            {
                var content = new ByteArrayContent(GoodBytes(route));
                if (type is not null)
                {
                    content.Headers.TryAddWithoutValidation("Content-Type", type);
                }

                return [content];
            },
            "unsupported_media_type",
            415
        );

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    [InlineData("identity, gzip")]
    [InlineData("gzip, gzip")]
    [InlineData("nonsense")]
    public Task ContentEncoding_Any_Is415(string encoding) =>
        EveryRouteAsync(
            route =>
            {
                var content = Json(GoodBytes(route));
                content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
                return [content];
            },
            "unsupported_media_type",
            415
        );

    [Fact]
    public Task Body_TooLargeWithoutALength_Is413() =>
        EveryRouteAsync(
            route =>
            {
                var content = new StreamContent(new MemoryStream(route.IsTolerant ? Bodies["31 MB"] : Bodies["2 MB of letters"]));
                content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                return [content];
            },
            "body_too_large",
            413,
            chunked: true
        );

    [Fact]
    public async Task EveryRoute_WithABody_IsCoveredAndItsGoodBodyIsTaken()
    {
        var undeclared = Route
            .Endpoints(fixture.Server)
            .Where(endpoint => endpoint.Metadata.GetMetadata<RequestBodyMetadata>() is null)
            .SelectMany(Route.NamesOf)
            .Where(name => name.Split(' ')[0] is not ("GET" or "HEAD" or "DELETE"))
            .ToList();
        Assert.True(
            undeclared.Count == 0,
            $"These say nothing about their body (AcceptsJson<T>() or AcceptsNoBody()): {string.Join(", ", undeclared)}"
        );
        Assert.True(fixture.Routes.Count(route => route.HasBody) >= 21);

        // The other tests prove nothing for a route that refuses its valid body, too.
        await using var own = await ParleyServer.StartAsync();
        using var ana = own.NewUser();
        var ids = await BadInputServer.CreateObjectsAsync(ana);
        foreach (var route in fixture.Routes.Where(route => route.HasBody))
        {
            var body = route.GoodBody(ids);
            if (route.IsTolerant)
            {
                body["a member of the client's own"] = new { of = new[] { "any", "shape" } };
            }

            using var response = await ana.SendAsync(route.Method, route.Path(ids), JsonSerializer.Serialize(body));
            Assert.True(
                response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.BadGateway,
                $"{route.Name}: {response.StatusCode} {await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)}"
            );
        }
    }

    [Theory]
    [InlineData("word")]
    [InlineData("-1")]
    [InlineData("0")]
    [InlineData("' OR 1=1 --")]
    [InlineData("%")]
    [InlineData("https://example.org/")]
    [InlineData("\u0001\u001f")]
    [InlineData("日本語")]
    [InlineData("{id}")]
    [InlineData("..")]
    [InlineData("long")]
    public async Task Id_Garbage_IsAnsweredAsMissingOnEveryRoute(string id)
    {
        var before = fixture.Server.Tables.Fingerprint();
        if (id == "long")
        {
            id = new string('9', 5000);
        }

        foreach (var route in fixture.Routes.Where(route => route.HasId))
        {
            using var response = await fixture.Ana.SendAsync(
                route.Method,
                route.Path(Uri.EscapeDataString(id)),
                route.HasBody ? JsonSerializer.Serialize(Good(route)) : null
            );
            // A path with .. in it is another path before it is sent.
            if (id == ".." && route.Line.Query is null)
            {
                Assert.True(
                    response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed,
                    $"{route.Name}: {response.StatusCode}"
                );
            }
            else
            {
                await MissingObjectResponse.AssertAsync(route, response);
            }
        }

        await UnharmedAsync(before);
    }

    /// <summary>Sends each body to each route that takes one; all must be refused, and nothing may be stored.</summary>
    private Task EveryRouteAsync(
        Func<Route, IEnumerable<HttpContent>> bodies,
        string? code = null,
        int? status = null,
        bool chunked = false
    ) => EveryRouteAsync(route => bodies(route).Select(content => ((string?)null, content)), code, status, chunked);

    private async Task EveryRouteAsync(
        Func<Route, IEnumerable<(string? Member, HttpContent Content)>> bodies,
        string? code,
        int? status = null,
        bool chunked = false
    )
    {
        var before = fixture.Server.Tables.Fingerprint();
        List<string> wrong = [];
        foreach (var route in fixture.Routes.Where(route => route.HasBody))
        {
            foreach (var (member, content) in bodies(route))
            {
                using var request = new HttpRequestMessage(new HttpMethod(route.Method), route.Path(fixture.ObjectIds))
                {
                    Content = content,
                };
                if (chunked)
                {
                    request.Headers.TransferEncodingChunked = true;
                }

                using var response = await fixture.Ana.SendAsync(request);
                if ((int)response.StatusCode is < 400 or > 499)
                {
                    wrong.Add($"{route.Name}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
                    continue;
                }

                var problem = await Problem.ReadAsync(response);
                if (
                    (code is not null && !route.IsOpenAI && problem.GetProperty("code").GetString() != code)
                    || (status is not null && (int)response.StatusCode != status)
                    || (member is not null && !Problem.Names(problem, member))
                )
                {
                    wrong.Add(
                        $"{route.Name}: {(int)response.StatusCode} {problem} for {Encoding.UTF8.GetString(await content.ReadAsByteArrayAsync())}"
                    );
                }
            }
        }

        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
        await UnharmedAsync(before);
    }

    /// <summary>Gives each member, of each route, a value in turn.</summary>
    private Task EveryMemberAsync(string json, Func<Type, bool> applies, string code, bool named = false) =>
        EveryRouteAsync(route => EachMember(route, json, applies, named), code);

    private IEnumerable<(string? Member, HttpContent Content)> EachMember(Route route, string json, Func<Type, bool> applies, bool named) =>
        route
            .Members.Where(member => applies(member.PropertyType))
            .Select(Route.NameOf)
            .Select(name => (named ? name : null, (HttpContent)Json(Utf8(Object(route, name, json)))));

    private async Task UnharmedAsync(string before)
    {
        Assert.Equal(before, fixture.Server.Tables.Fingerprint());
        using var alive = await fixture.Ana.SendAsync("GET", "/health/ready");
        Assert.Equal(HttpStatusCode.OK, alive.StatusCode);
        Assert.True(fixture.Server.Errors.Count == 0, string.Join('\n', fixture.Server.Errors));
    }

    private static bool Fits(Type type, string json) =>
        type == typeof(string) ? json.StartsWith('"')
        : type == typeof(bool?) ? json is "true" or "false"
        : type == typeof(JsonElement?) || (type == typeof(IReadOnlyList<JsonElement>) && json.StartsWith('[')) ? true // any shape: what the member may hold is tested where it is read
        : json.All(char.IsAsciiDigit);

    private Dictionary<string, object?> Good(Route route) => route.GoodBody(fixture.ObjectIds);

    private byte[] GoodBytes(Route route) => JsonSerializer.SerializeToUtf8Bytes(Good(route));

    /// <summary>The route's good body with this member set to (or added with) this JSON.</summary>
    private string Object(Route route, string name, string json)
    {
        var members = Good(route).Where(pair => pair.Key != name).Select(pair => $"\"{pair.Key}\":{JsonSerializer.Serialize(pair.Value)}");
        return $"{{{string.Join(',', members.Append($"\"{name}\":{json}"))}}}";
    }

    private string Without(Route route, string name) =>
        JsonSerializer.Serialize(Good(route).Where(pair => pair.Key != name).ToDictionary());

    private static string Nested(int depth) => string.Concat(Enumerable.Repeat("{\"model\":", depth)) + "1" + new string('}', depth);

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);

    private static ByteArrayContent Json(byte[] bytes)
    {
        var content = new ByteArrayContent(bytes);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }
}
