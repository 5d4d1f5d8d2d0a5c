using System.Globalization;
using System.Text;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>A small client for each of the simple formats. They fail at whatever a real one might fail at.</summary>
internal static class FormatReaders
{
    public static Meaning RawText(byte[] bytes)
    {
        var meaning = new Meaning();
        if (bytes.Length > 0)
        {
            meaning.Append("text", new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes));
        }

        return meaning;
    }

    public static Meaning TokenEvents(byte[] bytes)
    {
        var meaning = new Meaning();
        AssertIds(bytes);
        foreach (var data in EventFrames.Data(bytes))
        {
            Assert.Null(meaning.End);
            var json = EventFrames.Json(data);
            switch (json.GetProperty("type").GetString())
            {
                case "typing":
                    EventFrames.AssertMembers(json, "type");
                    break;
                case "token":
                    EventFrames.AssertMembers(json, "type", "content");
                    meaning.Append("text", json.GetProperty("content").GetString()!);
                    break;
                case "done":
                    EventFrames.AssertMembers(json, "type");
                    meaning.End = "done";
                    break;
                case "error":
                    EventFrames.AssertMembers(json, "type", "message");
                    meaning.End = "error: " + json.GetProperty("message").GetString();
                    break;
                default:
                    Assert.Fail(data);
                    break;
            }
        }

        return meaning;
    }

    /// <summary>The seed's own parser, and the other way to read the same events, which must come to the same.</summary>
    public static Meaning ContentEvents(byte[] bytes)
    {
        var meaning = new Meaning();
        var (content, appended) = ("", "");
        foreach (var line in Encoding.UTF8.GetString(bytes).Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)))
        {
            Assert.Null(meaning.End);
            var json = EventFrames.Json(line[6..]);
            content = json.GetProperty("content").GetString()!;
            appended += json.GetProperty("delta").GetString();
            Assert.Equal(appended, content);
            if (json.TryGetProperty("error", out var error))
            {
                EventFrames.AssertMembers(json, "error", "content", "delta");
                EventFrames.AssertMembers(error, "code", "message");
                meaning.End = "error: " + error.GetProperty("message").GetString();
            }
            else if (json.TryGetProperty("done", out var done))
            {
                EventFrames.AssertMembers(json, "content", "delta", "done", "finishReason");
                Assert.True(done.GetBoolean());
                meaning.End = json.GetProperty("finishReason").GetString();
            }
            else
            {
                EventFrames.AssertMembers(json, "content", "delta");
                Assert.NotEqual("", json.GetProperty("delta").GetString());
            }
        }

        if (content.Length > 0)
        {
            meaning.Append("text", content);
        }

        _ = EventFrames.Data(bytes);
        return meaning;
    }

    public static Meaning NativeEvents(byte[] bytes)
    {
        var meaning = new Meaning();
        AssertIds(bytes);
        foreach (var json in EventFrames.Data(bytes).Select(EventFrames.Json))
        {
            Assert.Null(meaning.End);
            string Member(string name) => json.GetProperty(name).GetString()!;
            switch (Member("type"))
            {
                case "start" or "typing" or "seam":
                    break;
                case "token":
                    meaning.Append("text", Member("content"));
                    break;
                case "reasoning":
                    meaning.Append("reasoning", Member("content"));
                    break;
                case "tool":
                    meaning.Parts.Add(new Shown("tool", $"{Member("callId")} {Member("name")}", ""));
                    break;
                case "tool-arguments":
                    meaning.Call(Member("callId")).Content += Member("content");
                    break;
                case "tool-result" when meaning.Calls.Any(call => call.Key.StartsWith(Member("callId") + " ", StringComparison.Ordinal)):
                    meaning.Call(Member("callId")).Outcome ??= json.TryGetProperty("result", out var result)
                        ? "result: " + Meaning.Canonical(result)
                        : "error: " + Member("error");
                    break;
                case "tool-result":
                    break;
                case "done":
                    meaning.End = Member("finishReason");
                    break;
                case "error":
                    meaning.End = "error: " + Member("message");
                    break;
                default:
                    Assert.Fail(json.ToString());
                    break;
            }
        }

        return meaning;
    }

    /// <summary>Ids never go back, and data comes before them.</summary>
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
