using System.Text.Json;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>
/// A client of the UI message stream that knows only what all releases of AI SDK 5, 6 and 7 know, and fails where one of them fails.
/// </summary>
internal sealed class UiMessageStreamReader
{
    private static readonly Dictionary<string, string[]> Chunks = new()
    {
        ["start"] = ["messageId"],
        ["start-step"] = [],
        ["finish-step"] = [],
        ["text-start"] = ["id"],
        ["text-delta"] = ["id", "delta"],
        ["text-end"] = ["id"],
        ["reasoning-start"] = ["id"],
        ["reasoning-delta"] = ["id", "delta"],
        ["reasoning-end"] = ["id"],
        ["tool-input-start"] = ["toolCallId", "toolName"],
        ["tool-input-delta"] = ["toolCallId", "inputTextDelta"],
        ["tool-input-available"] = ["toolCallId", "toolName", "input"],
        ["tool-input-error"] = ["toolCallId", "toolName", "input", "errorText"],
        ["tool-output-available"] = ["toolCallId", "output"],
        ["tool-output-error"] = ["toolCallId", "errorText"],
        ["source-url"] = ["sourceId", "url", "title?"],
        ["file"] = ["url", "mediaType"],
        ["data-weather"] = ["data"],
        ["error"] = ["errorText"],
        ["abort"] = [],
        ["finish"] = ["messageMetadata"],
    };

    private readonly Dictionary<string, RenderedPart> _open = [];
    private readonly HashSet<string> _ids = [];
    private readonly HashSet<RenderedPart> _complete = [];
    private bool _inStep,
        _over,
        _done;

    public RenderedAnswer Answer { get; } = new();

    public string? MessageId { get; private set; }

    public JsonElement Metadata { get; private set; }

    public int Steps { get; private set; }

    /// <summary>Reads as a client that has nothing yet.</summary>
    public static RenderedAnswer Read(byte[] bytes) => new UiMessageStreamReader().Take(bytes).Answer;

    /// <summary>Makes the client continue a message that has these calls.</summary>
    public UiMessageStreamReader Knowing(IEnumerable<RenderedPart> calls)
    {
        Answer.Parts.AddRange(calls);
        _complete.UnionWith(Answer.Calls);
        return this;
    }

    public UiMessageStreamReader Take(byte[] bytes)
    {
        foreach (var data in EventFrames.Data(bytes))
        {
            Assert.False(_done, data);
            if (data == "[DONE]")
            {
                Assert.True(_over);
                _done = true;
                continue;
            }

            Assert.False(_over, data);
            var json = EventFrames.Json(data);
            var type = json.GetProperty("type").GetString()!;
            Assert.True(Chunks.TryGetValue(type, out var members), data);
            EventFrames.AssertMembers(json, ["type", .. members]);
            Assert.Equal(type == "start", MessageId is null);
            Assert.True(_inStep || type is "start" or "start-step" or "finish", data);
            Take(type, json);
        }

        Assert.Equal(_over, _done);
        return this;
    }

    private void Take(string type, JsonElement json)
    {
        string Member(string name) => json.GetProperty(name).GetString()!;
        switch (type)
        {
            case "start":
                MessageId = Member("messageId");
                break;
            case "start-step":
                Assert.False(_inStep);
                _inStep = true;
                Steps++;
                break;
            case "finish-step":
                Assert.Empty(_open);
                _inStep = false;
                break;
            case "text-start" or "reasoning-start":
                Assert.True(_ids.Add(Member("id")));
                Answer.Parts.Add(_open[Member("id")] = new RenderedPart(type[..^6], "", ""));
                break;
            case "text-delta" or "reasoning-delta":
                Assert.Equal(type[..^6], _open[Member("id")].Kind);
                _open[Member("id")].Content += Member("delta");
                break;
            case "text-end" or "reasoning-end":
                Assert.Equal(type[..^4], _open[Member("id")].Kind);
                _open.Remove(Member("id"));
                break;
            case "source-url":
                Assert.True(_ids.Add(Member("sourceId")));
                Answer.Parts.Add(
                    new RenderedPart(
                        "source",
                        "",
                        $"{Member("sourceId")} {Member("url")} {(json.TryGetProperty("title", out var title) ? title.GetString() : null)}"
                    )
                );
                break;
            case "file":
                Answer.Parts.Add(new RenderedPart("file", "", $"{Member("url")} {Member("mediaType")}"));
                break;
            case "data-weather":
                Answer.Parts.Add(new RenderedPart("data", "", RenderedAnswer.Canonical(json.GetProperty("data"))));
                break;
            case "error" or "abort" or "finish":
                TakeEnd(type, json);
                break;
            default:
                TakeCall(type, json, Member("toolCallId"));
                break;
        }
    }

    private void TakeCall(string type, JsonElement json, string id)
    {
        if (type == "tool-input-start")
        {
            Answer.Parts.Add(new RenderedPart("tool", $"{id} {json.GetProperty("toolName").GetString()}", ""));
            return;
        }

        var call = Answer.Call(id);
        Assert.Null(call.Outcome);
        Assert.Equal(type.StartsWith("tool-output", StringComparison.Ordinal), _complete.Contains(call));
        switch (type)
        {
            case "tool-input-delta":
                call.Content += json.GetProperty("inputTextDelta").GetString();
                break;
            case "tool-input-available":
                _complete.Add(call);
                Assert.Equal($"{id} {json.GetProperty("toolName").GetString()}", call.Key);
                if (ExpectedAnswer.IsBlank(call.Content))
                {
                    Assert.Equal("{}", json.GetProperty("input").GetRawText());
                }
                else
                {
                    Assert.Equal(
                        RenderedAnswer.Canonical(ExpectedAnswer.Parse(call.Content)!.Value),
                        RenderedAnswer.Canonical(json.GetProperty("input"))
                    );
                }

                break;
            case "tool-input-error":
                _complete.Add(call);
                Assert.Equal(call.Content, json.GetProperty("input").GetString());
                Assert.NotEqual("", json.GetProperty("errorText").GetString());
                call.Outcome = RenderedPart.BadArguments;
                break;
            case "tool-output-available":
                call.Outcome = "result: " + RenderedAnswer.Canonical(json.GetProperty("output"));
                break;
            case "tool-output-error":
                call.Outcome = "error: " + json.GetProperty("errorText").GetString();
                break;
        }
    }

    private void TakeEnd(string type, JsonElement json)
    {
        Assert.Empty(_open);
        Assert.Equal(type != "finish", _inStep);
        _over = true;
        if (type == "finish")
        {
            Metadata = json.GetProperty("messageMetadata");
        }

        Answer.End = type switch
        {
            "error" => "error: " + json.GetProperty("errorText").GetString(),
            "abort" => "stopped",
            _ => Metadata.GetProperty("finishReason").GetString(),
        };
        if (Answer.End == "tool-calls")
        {
            return;
        }

        Assert.DoesNotContain(Answer.Calls, call => call.Outcome is null && call == Answer.Call(call.Key.Split(' ')[0]));
    }
}
