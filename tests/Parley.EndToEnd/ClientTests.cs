namespace Parley.EndToEnd;

/// <summary>Third-party clients, unmodified, against the real server. See tests/clients/README.md.</summary>
public class ClientTests(ClientSuite suite, ITestOutputHelper output) : IClassFixture<ClientSuite>
{
    public static TheoryData<string, string> Rows
    {
        get
        {
            var rows = new TheoryData<string, string>();
            foreach (var row in ClientSuite.Rows)
            {
                rows.Add(row.File, row.Version);
            }

            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Client_AgainstTheServer_PassesEveryCheck(string file, string version)
    {
        var result = await suite.ResultAsync(new ClientRow(file, version), TestContext.Current.CancellationToken);

        foreach (var check in result.Checks)
        {
            output.WriteLine($"{check.Outcome}: {check.Name}{(check.Known is null ? "" : $", since {check.Known}")}");
        }

        foreach (var check in result.Of("known"))
        {
            TestContext.Current.AddWarning($"A known bug of the client: {check.Name}, since {check.Known}.");
        }

        var failed = result.Of("failed");
        if (failed.Count == 0 && result is { IsWhole: true, ExitCode: 0 } && result.Of("passed").Count > 0)
        {
            return;
        }

        Assert.Fail(
            $"{failed.Count} of {result.Checks.Count} checks failed{(result.IsWhole ? "" : ", and the file did not run to its end")}.\n"
                + string.Join(
                    '\n',
                    failed.Select(check => $"- {check.Name}\n  {check.Seen?.Replace("\n", "\n  ", StringComparison.Ordinal)}")
                )
                + $"\nIts standard error: {Tail(result.Errors)}\nThe last lines of the server:\n{Tail(suite.ServerLog)}"
        );
    }

    [Fact]
    public void Suite_ListsEveryFile() =>
        Assert.Equal(
            ClientSuite.Files.Order(StringComparer.Ordinal),
            ClientSuite.Rows.Select(row => row.File).Distinct().Order(StringComparer.Ordinal)
        );

    private static string Tail(string text) => text.Length > 3000 ? $"…{text[^3000..]}" : text;
}
