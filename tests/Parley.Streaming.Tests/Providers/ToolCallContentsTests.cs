using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Streaming.Providers;

namespace Parley.Streaming.Tests.Providers;

public sealed class ToolCallContentsTests
{
    [Theory]
    [InlineData("""{"x":1,"y":{"z":[2]}}""", """{"x":1,"y":{"z":[2]}}""", false)]
    [InlineData("", null, false)]
    [InlineData("  ", null, false)]
    [InlineData("null", null, false)]
    [InlineData("{}", "{}", false)]
    [InlineData("""{"x":""", """{"INVALID_JSON":"{\u0022x\u0022:"}""", true)]
    [InlineData("5", """{"INVALID_JSON":"5"}""", true)]
    [InlineData("[]", """{"INVALID_JSON":"[]"}""", true)]
    public void Parse_AnyText_GivesACallAndLosesNothing(string text, string? arguments, bool isInvalid)
    {
        var call = ToolCallContents.Parse("c", "f", text);

        Assert.Equal(("c", "f"), (call.CallId, call.Name));
        Assert.Equal(arguments, call.Arguments is null ? null : JsonSerializer.Serialize(call.Arguments));
        Assert.Equal(isInvalid, call.Exception is not null);
    }

    [Fact]
    public void WithoutFragments_StreamWithTheWholeCall_KeepsItOnce()
    {
        var whole = new FunctionCallContent("a", "f");

        var contents = ToolCallContents.WithoutFragments([
            new TextContent("x"),
            new ToolCallStarted("a", "f"),
            new ToolCallArgumentsDelta("a", "{}"),
            new ToolCallEnded("a"),
            whole,
            new FunctionResultContent("a", "r"),
        ]);

        Assert.Equal(
            [typeof(TextContent), typeof(FunctionCallContent), typeof(FunctionResultContent)],
            contents.Select(content => content.GetType())
        );
        Assert.Same(whole, contents[1]);
    }

    [Fact]
    public void WithoutFragments_FragmentsAlone_BecomeTheCallWhereItEnded()
    {
        var contents = ToolCallContents.WithoutFragments([
            new ToolCallStarted("a", "f"),
            new ToolCallArgumentsDelta("a", "{\"x\""),
            new ToolCallArgumentsDelta("a", ":1}"),
            new ToolCallEnded("a"),
            new TextContent("x"),
            new ToolCallStarted("b", "g"),
            new ToolCallArgumentsDelta("b", "{"),
        ]);

        var call = Assert.IsType<FunctionCallContent>(contents[0]);
        Assert.Equal(("a", "f", "1"), (call.CallId, call.Name, call.Arguments!["x"]!.ToString()));
        Assert.IsType<TextContent>(contents[1]);
        Assert.Equal(2, contents.Count);
    }
}
