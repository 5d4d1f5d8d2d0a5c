using System.Text;
using System.Text.Json;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>A client of the data stream that fails where those of AI SDK 3.4 and 4 fail.</summary>
internal sealed class DataStreamReader(string codes)
{
    private static readonly string[] Reasons = ["stop", "length", "content-filter", "tool-calls", "error", "other"];
    private readonly RenderedAnswer _answer = new();
    private readonly HashSet<RenderedPart> _complete = [];
    private string? _ending;
    private bool _over;

    /// <summary>Reads as AI SDK 4.</summary>
    public static RenderedAnswer Read4(byte[] bytes) => new DataStreamReader("0239abcdefgh").Read(bytes);

    /// <summary>Reads as AI SDK 3.4.</summary>
    public static RenderedAnswer Read3(byte[] bytes) => new DataStreamReader("0239abcde").Read(bytes);

    private RenderedAnswer Read(byte[] bytes)
    {
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        if (text.Length > 0)
        {
            Assert.EndsWith("\n", text, StringComparison.Ordinal);
        }

        foreach (var line in text.Split('\n').Where(line => line.Length > 0))
        {
            Assert.False(_over, line);
            Assert.Contains(line[0], codes);
            Assert.Equal(':', line[1]);
            Take(line[0], EventFrames.Json(line[2..]));
        }

        return _answer;
    }

    private void Take(char code, JsonElement json)
    {
        string Member(string name) => json.GetProperty(name).GetString()!;
        Assert.True(
            _ending is null || code is 'd' or 'f' || (code is not 'e' && !codes.Contains('f', StringComparison.Ordinal)),
            $"{code} after the end of a step"
        );
        switch (code)
        {
            case '0':
                _answer.Append("text", json.GetString()!);
                break;
            case 'g':
                _answer.Append("reasoning", json.GetString()!);
                break;
            case '2':
                Assert.Equal(JsonValueKind.Array, json.ValueKind);
                foreach (var item in json.EnumerateArray())
                {
                    _answer.Parts.Add(new RenderedPart("data", "", RenderedAnswer.Canonical(item)));
                }

                break;
            case '3':
                _answer.End = "error: " + json.GetString();
                _over = true;
                break;
            case 'b':
                EventFrames.AssertMembers(json, "toolCallId", "toolName");
                _answer.Parts.Add(new RenderedPart("tool", $"{Member("toolCallId")} {Member("toolName")}", ""));
                break;
            case 'c':
                EventFrames.AssertMembers(json, "toolCallId", "argsTextDelta");
                Assert.DoesNotContain(_answer.Call(Member("toolCallId")), _complete);
                _answer.Call(Member("toolCallId")).Content += Member("argsTextDelta");
                break;
            case '9':
                TakeCall(json);
                break;
            case 'a':
                TakeResult(json);
                break;
            case 'e':
                EventFrames.AssertMembers(json, "finishReason", "usage", "isContinued");
                AssertFinish(json);
                Assert.False(json.GetProperty("isContinued").GetBoolean());
                break;
            case 'd':
                EventFrames.AssertMembers(json, "finishReason", "usage");
                AssertFinish(json);
                Assert.Equal(_ending, Member("finishReason"));
                _answer.End = Member("finishReason");
                _over = true;
                break;
            case 'f':
                EventFrames.AssertMembers(json, "messageId");
                break;
            case 'h':
                EventFrames.AssertMembers(json, "sourceType", "id", "url", "title?");
                _answer.Parts.Add(
                    new RenderedPart(
                        "source",
                        "",
                        $"{Member("id")} {Member("url")} {(json.TryGetProperty("title", out var title) ? title.GetString() : null)}"
                    )
                );
                break;
        }

        _ending = code == 'e' ? Member("finishReason") : null;
    }

    private void TakeCall(JsonElement json)
    {
        EventFrames.AssertMembers(json, "toolCallId", "toolName", "args");
        var call = _answer.Call(json.GetProperty("toolCallId").GetString()!);
        Assert.Equal($"{json.GetProperty("toolCallId").GetString()} {json.GetProperty("toolName").GetString()}", call.Key);
        Assert.True(_complete.Add(call));
        var arguments = json.GetProperty("args");
        Assert.Equal(JsonValueKind.Object, arguments.ValueKind);
        if (ExpectedAnswer.IsBlank(call.Content))
        {
            Assert.Equal("{}", arguments.GetRawText());
        }
        else if (ExpectedAnswer.Parse(call.Content) is { ValueKind: JsonValueKind.Object } parsed)
        {
            Assert.Equal(RenderedAnswer.Canonical(parsed), RenderedAnswer.Canonical(arguments));
        }
        else
        {
            Assert.Equal(call.Content, arguments.GetProperty("raw").GetString());
        }
    }

    private void TakeResult(JsonElement json)
    {
        EventFrames.AssertMembers(json, "toolCallId", "result");
        var call = _answer.Call(json.GetProperty("toolCallId").GetString()!);
        Assert.Contains(call, _complete);
        Assert.Null(call.Outcome);
        var result = json.GetProperty("result");
        call.Outcome =
            result.ValueKind == JsonValueKind.Object && result.TryGetProperty("error", out var error)
                ? "error: " + error.GetString()
                : "result: " + RenderedAnswer.Canonical(result);
    }

    private static void AssertFinish(JsonElement json)
    {
        Assert.Contains(json.GetProperty("finishReason").GetString(), Reasons);
        EventFrames.AssertMembers(json.GetProperty("usage"), "promptTokens", "completionTokens");
        Assert.All(json.GetProperty("usage").EnumerateObject(), tokens =>
            Assert.True(tokens.Value.ValueKind is JsonValueKind.Number or JsonValueKind.Null)
        );
    }
}
