using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Parley.EndToEnd;

/// <summary>
/// Runs docs/api.md: its lines, as they stand, in one shell, with real curl. What a reader copies works, and answers with the status that
/// the page says.
/// </summary>
public sealed partial class DocumentationTests : ServerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    /// <summary>Records each request and its status, without changing the output of the line that it is in.</summary>
    private const string Shim = """
        curl() { command curl --max-time 30 "$@" -w '%{stderr}@@ %{method} %{http_code} %{url_effective}\n' 2>>"$CURL_LOG"; }
        """;

    [Fact]
    public async Task Api_EveryLine_IsAnsweredAsThePageSays()
    {
        var server = await StartServerAsync();
        var blocks = Block()
            .Matches(await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "docs", "api.md"), Token))
            .Select(match => match.Groups[1].Value)
            .ToList();
        var requests = await RunAsync(server, blocks);

        foreach (var (index, block) in blocks.Index())
        {
            Assert.True(
                Call().Count(block) == Status().Count(block),
                $"Each curl of a block needs the status that it is answered with:\n{block}"
            );
            var expected = Status().Matches(block).Select(match => match.Groups[1].Value);
            var got = requests.Where(request => request.Block == index).Select(request => request.Status);
            Assert.True(
                expected.SequenceEqual(got),
                $"{string.Join(", ", got)} came, and the page says {string.Join(", ", expected)}:\n{block}"
            );
        }

        await AssertEveryRouteWasCalledAsync(server, requests);
    }

    /// <summary>Every operation of the API's own description was called, and did what it is for.</summary>
    private static async Task AssertEveryRouteWasCalledAsync(ServerProcess server, List<Request> requests)
    {
        using var http = new HttpClient { BaseAddress = server.Address };
        using var document = JsonDocument.Parse(await http.GetStringAsync("/openapi/v1.json", Token));
        var good = requests.Where(request => request.Status.StartsWith('2')).ToList();
        var operations = document
            .RootElement.GetProperty("paths")
            .EnumerateObject()
            .SelectMany(path =>
                path.Value.EnumerateObject().Select(operation => (Method: operation.Name.ToUpperInvariant(), Path: path.Name))
            )
            .ToList();
        var missing = operations
            .Where(operation => !good.Any(request => request.Method == operation.Method && Matches(operation.Path, request.Path)))
            .Select(operation => $"{operation.Method} {operation.Path}")
            .ToList();
        Assert.True(operations.Count > 50, $"{operations.Count} operations");
        Assert.True(missing.Count == 0, $"docs/api.md has no line that calls:\n{string.Join('\n', missing)}");
    }

    private static bool Matches(string template, string path) =>
        Regex.IsMatch(
            path,
            $"^{Regex.Replace(Regex.Escape(template), @"\\\{[a-z]+\}", template.StartsWith("/v1/models/", StringComparison.Ordinal) ? ".+" : "[^/]+")}$",
            RegexOptions.CultureInvariant,
            Limit
        );

    private static async Task<List<Request>> RunAsync(ServerProcess server, List<string> blocks)
    {
        var folder = Directory.CreateTempSubdirectory("parley-docs-");
        try
        {
            var log = Path.Combine(folder.FullName, "log");
            var script = Path.Combine(folder.FullName, "script");
            await File.WriteAllTextAsync(
                script,
                string.Join('\n', blocks.Index().Select(block => $"echo '## {block.Index}' >>\"$CURL_LOG\"\n{block.Item}").Prepend(Shim)),
                Token
            );
            var start = new ProcessStartInfo("bash")
            {
                ArgumentList = { "-u", script },
                WorkingDirectory = folder.FullName,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            (start.Environment["PARLEY"], start.Environment["CURL_LOG"]) = (server.Address.ToString().TrimEnd('/'), log);
            using var shell = Process.Start(start)!;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
            limit.CancelAfter(Limit);
            var (output, errors) = (shell.StandardOutput.ReadToEndAsync(limit.Token), shell.StandardError.ReadToEndAsync(limit.Token));
            try
            {
                await shell.WaitForExitAsync(limit.Token);
                await output;
            }
            catch (OperationCanceledException)
            {
                shell.Kill(entireProcessTree: true);
                throw new TimeoutException(
                    $"The page's lines took longer than {Limit}. So far:\n{await File.ReadAllTextAsync(log, CancellationToken.None)}"
                );
            }

            Assert.True((await errors).Length == 0, await errors);
            return Parse(await File.ReadAllLinesAsync(log, Token));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static List<Request> Parse(string[] log)
    {
        List<Request> requests = [];
        var block = -1;
        foreach (var words in log.Select(line => line.Split(' ')))
        {
            if (words[0] == "##")
            {
                block = int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture);
            }
            else if (words[0] == "@@")
            {
                requests.Add(new Request(block, words[1], words[2], new Uri(words[3]).AbsolutePath));
            }
        }

        return requests;
    }

    private sealed record Request(int Block, string Method, string Status, string Path);

    [GeneratedRegex("^```bash\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\bcurl -")]
    private static partial Regex Call();

    [GeneratedRegex(@" # (\d{3})$", RegexOptions.Multiline)]
    private static partial Regex Status();
}
