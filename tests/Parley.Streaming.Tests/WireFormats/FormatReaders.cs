using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>A small client for each of the simple formats. They fail where a real one might fail.</summary>
internal static class FormatReaders
{
    public static RenderedAnswer RawText(byte[] bytes)
    {
        var answer = new RenderedAnswer();
        if (bytes.Length > 0)
        {
            answer.Append("text", new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes));
        }

        return answer;
    }

    public static RenderedAnswer TokenEvents(byte[] bytes)
    {
        var answer = new RenderedAnswer();
        AssertIds(bytes);
        foreach (var data in EventFrames.Data(bytes))
        {
            Assert.Null(answer.End);
            var json = EventFrames.Json(data);
            switch (json.GetProperty("type").GetString())
            {
                case "typing":
                    EventFrames.AssertMembers(json, "type");
                    break;
                case "token":
                    EventFrames.AssertMembers(json, "type", "content");
                    answer.Append("text", json.GetProperty("content").GetString()!);
                    break;
                case "done":
                    EventFrames.AssertMembers(json, "type");
                    answer.End = "done";
                    break;
                case "error":
                    EventFrames.AssertMembers(json, "type", "message");
                    answer.End = "error: " + json.GetProperty("message").GetString();
                    break;
                default:
                    Assert.Fail(data);
                    break;
            }
        }

        return answer;
    }

    /// <summary>Reads <c>content</c> of each event, and checks that the joined <c>delta</c>s are the same.</summary>
    public static RenderedAnswer ContentEvents(byte[] bytes)
    {
        var answer = new RenderedAnswer();
        var (content, appended) = ("", "");
        foreach (var line in Encoding.UTF8.GetString(bytes).Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)))
        {
            Assert.Null(answer.End);
            var json = EventFrames.Json(line[6..]);
            content = json.GetProperty("content").GetString()!;
            appended += json.GetProperty("delta").GetString();
            Assert.Equal(appended, content);
            if (json.TryGetProperty("error", out var error))
            {
                EventFrames.AssertMembers(json, "error", "content", "delta");
                EventFrames.AssertMembers(error, "code", "message");
                answer.End = "error: " + error.GetProperty("message").GetString();
            }
            else if (json.TryGetProperty("done", out var done))
            {
                EventFrames.AssertMembers(json, "content", "delta", "done", "finishReason");
                Assert.True(done.GetBoolean());
                answer.End = json.GetProperty("finishReason").GetString();
            }
            else
            {
                EventFrames.AssertMembers(json, "content", "delta");
                Assert.NotEqual("", json.GetProperty("delta").GetString());
            }
        }

        if (content.Length > 0)
        {
            answer.Append("text", content);
        }

        _ = EventFrames.Data(bytes);
        return answer;
    }

    public static RenderedAnswer NativeEvents(byte[] bytes)
    {
        var answer = new RenderedAnswer();
        AssertIds(bytes);
        foreach (var json in EventFrames.Data(bytes).Select(EventFrames.Json))
        {
            Assert.Null(answer.End);
            string Member(string name) => json.GetProperty(name).GetString()!;
            switch (Member("type"))
            {
                case "start" or "typing" or "seam":
                    break;
                case "token":
                    answer.Append("text", Member("content"));
                    break;
                case "reasoning":
                    answer.Append("reasoning", Member("content"));
                    break;
                case "tool":
                    answer.Parts.Add(new RenderedPart("tool", $"{Member("callId")} {Member("name")}", ""));
                    break;
                case "tool-arguments":
                    answer.Call(Member("callId")).Content += Member("content");
                    break;
                case "tool-result" when answer.Calls.Any(call => call.Key.StartsWith(Member("callId") + " ", StringComparison.Ordinal)):
                    answer.Call(Member("callId")).Outcome ??= json.TryGetProperty("result", out var result)
                        ? "result: " + RenderedAnswer.Canonical(result)
                        : "error: " + Member("error");
                    break;
                case "tool-result":
                    break;
                case "done":
                    answer.End = Member("finishReason");
                    break;
                case "error":
                    answer.End = "error: " + Member("message");
                    break;
                default:
                    Assert.Fail(json.ToString());
                    break;
            }
        }

        return answer;
    }

    /// <summary>Reads chunks as a client that declared no tools.</summary>
    public static RenderedAnswer ChatCompletions(byte[] bytes)
    {
        var answer = new RenderedAnswer();
        foreach (var data in EventFrames.Data(bytes))
        {
            if (data == "[DONE]")
            {
                Assert.NotNull(answer.End);
                continue;
            }

            var json = EventFrames.Json(data);
            if (json.TryGetProperty("error", out var error))
            {
                EventFrames.AssertMembers(error, "message", "type", "param", "code");
                answer.End = "error: " + error.GetProperty("message").GetString();
                continue;
            }

            EventFrames.AssertMembers(json, "id", "object", "created", "model", "choices", "usage");
            if (json.GetProperty("choices").GetArrayLength() == 0)
            {
                continue;
            }

            Assert.Null(answer.End);
            var choice = Assert.Single(json.GetProperty("choices").EnumerateArray());
            var delta = choice.GetProperty("delta");
            EventFrames.AssertMembers(delta, "role?", "content?", "refusal?", "reasoning_content?", "reasoning?");
            AppendIfAny(answer, "text", delta, "content");
            AppendIfAny(answer, "reasoning", delta, "reasoning");
            answer.End = choice.GetProperty("finish_reason").GetString();
        }

        return answer;
    }

    /// <summary>Reads the events of a Response whose request declared no tools.</summary>
    public static RenderedAnswer Responses(byte[] bytes)
    {
        var answer = new RenderedAnswer();
        long next = 0;
        foreach (var one in EventStreamReader.Read(bytes))
        {
            Assert.Null(answer.End);
            Assert.Equal((one.Type, next++), (one.Kind, one.Json.GetProperty("sequence_number").GetInt64()));
            switch (one.Kind)
            {
                case "response.output_text.delta":
                    AppendIfAny(answer, "text", one.Json, "delta");
                    break;
                case "response.reasoning_text.delta":
                    AppendIfAny(answer, "reasoning", one.Json, "delta");
                    break;
                case "response.failed":
                    answer.End = "error: " + one.Json.GetProperty("response").GetProperty("error").GetProperty("message").GetString();
                    break;
                case "response.completed" or "response.incomplete":
                    answer.End = one.Json.GetProperty("response").GetProperty("status").GetString();
                    break;
            }
        }

        return answer;
    }

    private static void AppendIfAny(RenderedAnswer answer, string kind, JsonElement json, string member)
    {
        if (json.TryGetProperty(member, out var text) && text.GetString() is { Length: > 0 } value)
        {
            answer.Append(kind, value);
        }
    }

    /// <summary>Asserts that ids never decrease.</summary>
    private static void AssertIds(byte[] bytes)
    {
        long last = 0;
        foreach (var one in EventStreamReader.Read(bytes))
        {
            Assert.Equal("message", one.Type);
            var id = long.Parse(one.LastEventId, CultureInfo.InvariantCulture);
            Assert.InRange(id, last, long.MaxValue);
            last = id;
        }
    }
}
