using System.Text;
using System.Text.Json;
using Parley.Server.Http.Json;
using ServerProblem = Parley.Server.Http.Errors.Problem;

namespace Parley.Server.Tests.Http;

/// <summary>Which error a body gets, and which member it names: the first one in the order of the text.</summary>
public sealed class StrictJsonTests
{
    private sealed record Request(string? Title, long? Count, JsonElement? Extra, IReadOnlyList<JsonElement>? List);

    [Theory]
    [InlineData("""{"title":"a","count":5,"extra":{"a":[{"a":1},{"a":2}]},"list":[1,{"b":2}]}""", null, null)]
    [InlineData("""{"title":null}""", null, null)]
    [InlineData("\uFEFF{}", null, null)]
    [InlineData("", "malformed_json", null)]
    [InlineData("\uFEFF", "malformed_json", null)]
    [InlineData("null", "malformed_json", null)]
    [InlineData("{", "malformed_json", null)]
    [InlineData("""{"other":1,""", "malformed_json", null)]
    [InlineData("[]", "wrong_type", "$")]
    [InlineData("5", "wrong_type", "$")]
    [InlineData("""{"title":5}""", "wrong_type", "title")]
    [InlineData("""{"title":{"a":{"a":1}}}""", "wrong_type", "title")]
    [InlineData("""{"count":"5"}""", "wrong_type", "count")]
    [InlineData("""{"list":{"a":1}}""", "wrong_type", "list")]
    [InlineData("""{"other":1}""", "unknown_member", "other")]
    [InlineData("""{"Title":"a"}""", "unknown_member", "Title")]
    [InlineData("""{"":1}""", "unknown_member", "$")]
    [InlineData("""{"a'b":1}""", "unknown_member", "a'b")]
    [InlineData("""{"title":"a","title":"b"}""", "duplicate_member", "title")]
    [InlineData("""{"tit\u006ce":"a","title":"b"}""", "duplicate_member", "title")]
    [InlineData("""{"extra":{"a":[{"b":1,"c":{},"b":2}]}}""", "duplicate_member", "b")]
    [InlineData("""{"list":[{"b":1},{"b":1,"b":2}]}""", "duplicate_member", "b")]
    [InlineData("""{"other":1,"title":5}""", "unknown_member", "other")]
    [InlineData("""{"title":5,"other":1}""", "wrong_type", "title")]
    [InlineData("""{"title":5,"count":1,"count":2}""", "duplicate_member", "count")]
    [InlineData("""{"title":"a","title":"b","other":1}""", "duplicate_member", "title")]
    [InlineData("""{"other":1,"title":"a","title":"b"}""", "unknown_member", "other")]
    [InlineData("""{"title":"a\u0000"}""", "invalid_text", "title")]
    [InlineData("""{"extra":{"deep":["\ud800"]},"other":1}""", "invalid_text", "deep")]
    public void Parse_Body_NamesItsFirstFault(string json, string? code, string? field)
    {
        var body = StrictJson.Parse<Request>(Encoding.UTF8.GetBytes(json));
        var problem = body.IsBad(out var refusal, out var value) ? Assert.IsType<ServerProblem>(refusal) : null;
        Assert.Equal((code, field), (problem?.Code, problem?.Field));
        Assert.Equal(problem is null, value is not null);
    }

    [Theory]
    [InlineData(31, true)]
    [InlineData(32, false)]
    public void Parse_NestedBody_IsLimited(int arrays, bool isRead)
    {
        var json = $"{{\"extra\":{new string('[', arrays)}{new string(']', arrays)}}}";
        Assert.Equal(!isRead, StrictJson.Parse<Request>(Encoding.UTF8.GetBytes(json)).IsBad(out var refusal, out _));
        Assert.True(isRead || refusal is ServerProblem { Code: "malformed_json" });
    }

    [Fact]
    public void Parse_LongUnknownName_IsNotRepeated()
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, int> { [new string('x', 65)] = 1 });
        Assert.True(StrictJson.Parse<Request>(json).IsBad(out var refusal, out _));
        Assert.Equal(("unknown_member", "$"), (((ServerProblem)refusal).Code, ((ServerProblem)refusal).Field));
    }
}
