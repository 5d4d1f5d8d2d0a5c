using System.Text;
using System.Text.Json;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>
/// Reads an event stream strictly as Parley writes it, and not as tolerantly as a browser does: each block is a comment, or one <c>data</c>
/// line followed by nothing but <c>id</c> and <c>retry</c>, and ends with an empty line.
/// </summary>
internal static class EventFrames
{
    /// <summary>The data of each event, without comments.</summary>
    public static List<string> Data(ReadOnlySpan<byte> bytes)
    {
        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        Assert.DoesNotContain('\r', text);
        if (text.Length > 0)
        {
            Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
        }

        List<string> data = [];
        foreach (var block in text.Split("\n\n")[..^1])
        {
            var lines = block.Split('\n');
            if (lines is [": hb"])
            {
                continue;
            }

            Assert.StartsWith("data: ", lines[0], StringComparison.Ordinal);
            Assert.All(lines[1..], line => Assert.Matches("^(id|retry): [0-9]+$", line));
            data.Add(lines[0][6..]);
        }

        return data;
    }

    public static JsonElement Json(string data) => JsonDocument.Parse(data).RootElement;

    /// <summary>Asserts that an object has these members and no others. A member with a question mark is optional.</summary>
    public static void AssertMembers(JsonElement json, params ReadOnlySpan<string> members)
    {
        var names = json.EnumerateObject().Select(member => member.Name).ToList();
        foreach (var name in names)
        {
            Assert.True(members.Contains(name) || members.Contains(name + "?"), $"{name} in {json}");
        }

        foreach (var member in members)
        {
            Assert.True(member.EndsWith('?') || names.Contains(member), $"No {member} in {json}");
        }

        Assert.Equal(names.Distinct(), names);
    }
}
