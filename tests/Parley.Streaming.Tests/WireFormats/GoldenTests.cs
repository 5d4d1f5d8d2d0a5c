using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>
/// Clients rely on these bytes: <c>Golden/&lt;format&gt;.txt</c> has them, and <c>docs/wire-formats.md</c> shows them.
/// <c>PARLEY_GOLDEN=write</c> rewrites both: review what changed.
/// </summary>
public sealed partial class GoldenTests
{
    public static TheoryData<string> Formats => FormatUnderTest.NamesOfGoldenLogs;

    [Theory]
    [MemberData(nameof(Formats))]
    public void Write_OfKnownLogs_IsTheGoldenFile(string name)
    {
        var format = FormatUnderTest.Of(name);
        var golden = string.Concat(GoldenLog.All.Select(log => $"# {log.Title}\n{Bytes(format, log)}\n"));
        var path = Path.Combine(Root, "WireFormats", "Golden", name + ".txt");
        if (IsWriting)
        {
            File.WriteAllText(path, golden);
        }

        Assert.Equal(golden, Encoding.UTF8.GetString(File.ReadAllBytes(path)));
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Page_ShowsTheGoldenFile(string name)
    {
        var format = FormatUnderTest.Of(name);
        var path = IsWriting ? Path.Combine(Root, "..", "..", "docs", "wire-formats.md") : Path.Combine(Root, "docs", "wire-formats.md");
        if (IsWriting)
        {
            File.WriteAllText(
                path,
                Block().Replace(File.ReadAllText(path), block => block.Groups["name"].Value == name ? Example(block, format) : block.Value)
            );
        }

        var blocks = Block().Matches(File.ReadAllText(path)).Where(block => block.Groups["name"].Value == name).ToList();
        Assert.Equal(GoldenLog.All.Select(log => log.Title), blocks.Select(block => block.Groups["title"].Value));
        Assert.All(blocks, block => Assert.Equal(Example(block, format), block.Value));
    }

    /// <summary>The page shows some of the cases of formats with cases of their own (<see cref="GoldenCases"/>).</summary>
    [Theory]
    [InlineData("chat-completions", 5)]
    [InlineData("responses", 3)]
    [InlineData("durable-streams", 4)]
    public void Page_ShowsCasesOfTheGoldenFile(string name, int count)
    {
        var cases = Cases(name);
        var path = IsWriting ? Path.Combine(Root, "..", "..", "docs", "wire-formats.md") : Path.Combine(Root, "docs", "wire-formats.md");
        if (IsWriting)
        {
            File.WriteAllText(
                path,
                Block().Replace(File.ReadAllText(path), block => block.Groups["name"].Value == name ? Example(block, cases) : block.Value)
            );
        }

        var blocks = Block().Matches(File.ReadAllText(path)).Where(block => block.Groups["name"].Value == name).ToList();
        Assert.Equal(count, blocks.Count);
        Assert.All(blocks, block => Assert.Equal(Example(block, cases), block.Value));
    }

    private static Dictionary<string, string> Cases(string name) =>
        Case()
            .Matches("\n" + File.ReadAllText(Path.Combine(Root, "WireFormats", "Golden", name + ".txt")))
            .ToDictionary(found => found.Groups["title"].Value, found => found.Groups["bytes"].Value);

    private static string Example(Match block, Dictionary<string, string> cases) =>
        $"{block.Groups["head"].Value}{cases[block.Groups["title"].Value].TrimEnd('\n')}\n```\n";

    [GeneratedRegex("\n# (?<title>[^\n]+)\n(?<bytes>.*?)(?=\n# |$)", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Case();

    private static bool IsWriting => Environment.GetEnvironmentVariable("PARLEY_GOLDEN") == "write";

    /// <summary>The project's folder when files are written; otherwise the folder of the tests' copies.</summary>
    private static string Root => IsWriting ? Path.GetDirectoryName(Path.GetDirectoryName(Source()))! : AppContext.BaseDirectory;

    private static string Source([CallerFilePath] string path = "") => path;

    private static string Bytes(FormatUnderTest format, GoldenLog log) => Encoding.UTF8.GetString(format.Write(log.Log, log.Cuts));

    private static string Example(Match block, FormatUnderTest format)
    {
        var log = GoldenLog.All.Single(log => log.Title == block.Groups["title"].Value);
        return $"{block.Groups["head"].Value}{Bytes(format, log).TrimEnd('\n')}\n```\n";
    }

    /// <summary>A comment that names a golden file and a case in it, and the fenced block after it.</summary>
    [GeneratedRegex(
        "(?<head><!-- golden: (?<name>[^,>]+), (?<title>[^>]+) -->\n+```text\n).*?\n?```\n",
        RegexOptions.Singleline | RegexOptions.ExplicitCapture
    )]
    private static partial Regex Block();
}
