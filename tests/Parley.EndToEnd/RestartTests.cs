using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Data.Sqlite;

namespace Parley.EndToEnd;

/// <summary>One fault at a time, at a moment that is chosen.</summary>
public class RestartTests : ServerTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Terminate_InMidAnswer_CutsFollowersWithoutAnEndAndTheNextProcessGoesOn()
    {
        var server = await StartServerAsync();
        using var client = await SignedInAsync(server);
        var script = new ScriptedAnswer("sigterm", 120, 20, 5, null);
        var expected = await ScriptedText.LearnAsync(client, KillMarathon.MostTokens, Token);
        var shown = new ShownLog();
        using var response = await client.AskAsync(script.Prompt, "sigterm", Token);
        var generation = GenerationOf(response);
        var reading = ApiClient.ShowAsync(response, shown, Token);
        await WhenAsync(() => shown.Position > 200);

        var exitCode = await server.TerminateAsync(Limit);

        Assert.Equal(0, exitCode);
        await Assert.ThrowsAnyAsync<IOException>(() => reading);
        Assert.Null(shown.Terminal);
        await server.StartAsync(Token);
        await client.ResumeAsync(generation, shown, Token);
        shown.MustEqual(await client.ReadWholeAsync(generation, Token));
        Assert.Equal(expected.Text(120), shown.Text);
        Assert.Equal(expected.Reasoning(5), shown.Reasoning);
        Assert.Equal(1, shown.Seams);
        await StopAndCheckAsync(server);
    }

    [Fact]
    public async Task SecondProcess_OnTheSameFolder_IsRefusedWithAReason()
    {
        var first = await StartServerAsync();
        var second = NewServer(folder: first.Folder);

        second.Launch();

        Assert.NotEqual(0, await second.WhenExitedAsync(Limit));
        Assert.Contains($"Another Parley is using the data folder {first.Folder}", second.Log, StringComparison.Ordinal);
        using var client = await SignedInAsync(first);
    }

    [Fact]
    public async Task Asker_GoneRightAfterSending_FindsTheAnswerComplete()
    {
        var server = await StartServerAsync();
        using var client = await SignedInAsync(server);
        var body = """{"message":"gone #script tokens=20 delay=5","model":"scripted"}""";
        using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            await socket.ConnectAsync(new DnsEndPoint(server.Address.Host, server.Address.Port), Token);
            var request =
                $"POST /api/chat HTTP/1.1\r\nHost: x\r\nCookie: {client.Cookies.GetCookieHeader(server.Address)}\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}";
            await socket.SendAsync(Encoding.ASCII.GetBytes(request), Token);
            await WhenAsync(async () => (await ConversationsAsync(client)).Count > 0);
            socket.LingerState = new LingerOption(true, 0);
        }

        await WhenAsync(async () =>
            (await ConversationsAsync(client)).Any(conversation => conversation.GetProperty("running").GetArrayLength() == 0)
        );
        var found = (await ConversationsAsync(client)).Single();
        var messages = await client.GetAsync($"/api/v1/conversations/{found.GetProperty("id").GetString()}/messages", Token);
        var answer = messages.GetProperty("items")[1];
        Assert.Equal("completed", answer.GetProperty("status").GetString());
        Assert.Equal(20, answer.GetProperty("content").GetString()!.Count(letter => letter == ' '));

        async Task<List<System.Text.Json.JsonElement>> ConversationsAsync(ApiClient client) =>
            [
                .. (await client.GetAsync("/api/v1/conversations", Token))
                    .GetProperty("items")
                    .EnumerateArray()
                    .Where(item => item.GetProperty("messageCount").GetInt32() > 0),
            ];
    }

    [Fact]
    public async Task Kill_BeforeTheFirstToken_AsksAgain()
    {
        var server = await StartServerAsync();
        using var client = await SignedInAsync(server);
        var shown = new ShownLog();
        using var response = await client.AskAsync("early #script first=2000 tokens=8", "early", Token);
        var reading = ApiClient.ShowAsync(response, shown, Token);
        await WhenAsync(() => shown.HasStarted);

        await server.KillAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => reading);
        await server.StartAsync(Token);

        await client.ResumeAsync(GenerationOf(response), shown, Token);
        shown.MustEqual(await client.ReadWholeAsync(GenerationOf(response), Token));
        Assert.Equal(0, shown.Seams);
        Assert.Equal(8, shown.Text.Count(letter => letter == ' '));
        await StopAndCheckAsync(server);
    }

    [Fact]
    public async Task Kill_InMidAnswerOfAModelThatTakesNoPrefix_InterruptsItAndContinueGoesOn()
    {
        await using var upstream = await UpstreamModel.StartAsync(Token);
        var server = await StartServerAsync(
            new Dictionary<string, string> { ["OPENAI_BASE_URL"] = upstream.BaseUrl, ["OPENAI_API_KEY"] = "test" }
        );
        using var client = await SignedInAsync(server);
        var shown = new ShownLog();
        upstream.Send("Grüße aus ");
        upstream.Send("日本");
        using var response = await client.AskAsync("hello", "hello", Token, "openai/test");
        var generation = GenerationOf(response);
        var reading = ApiClient.ShowAsync(response, shown, Token);
        await WhenAsync(() => shown.Position == 1 + Encoding.UTF8.GetByteCount("Grüße aus 日本"));

        await server.KillAsync();
        await Assert.ThrowsAnyAsync<IOException>(() => reading);
        var killed = Stopwatch.GetTimestamp();
        await server.StartAsync(Token);
        await client.ResumeAsync(generation, shown, Token);

        Assert.True(Stopwatch.GetElapsedTime(killed) < TimeSpan.FromSeconds(15));
        Assert.Contains("\"status\":\"interrupted\"", shown.Terminal, StringComparison.Ordinal);
        Assert.Equal("Grüße aus 日本", shown.Text);
        Assert.Equal(1, upstream.Calls);
        shown.MustEqual(await client.ReadWholeAsync(generation, Token));

        upstream.Send(" und Zürich");
        upstream.Send(UpstreamModel.End);
        using var again = await client.PostAsync($"/api/v1/generations/{generation}/continue", new { }, Token);
        var continued = new ShownLog();
        await ApiClient.ShowAsync(again, continued, Token);

        Assert.Equal("Grüße aus 日本 und Zürich", continued.Text);
        Assert.Contains("\"done\"", continued.Terminal, StringComparison.Ordinal);
        Assert.Equal(2, upstream.Calls);
        await StopAndCheckAsync(server);
    }

    [Fact]
    public async Task Kill_WhileAnswersAreContinued_EachBeginsWithTheTextOfTheFirst()
    {
        var server = await StartServerAsync();
        using var client = await SignedInAsync(server);
        var first = new ShownLog();
        using var response = await client.AskAsync("first #script tokens=40 delay=0 error-after=20", "first", Token);
        await ApiClient.ShowAsync(response, first, Token);
        var generation = GenerationOf(response);
        var moments = new Random(17);

        for (var round = 0; round < 4; round++)
        {
            var keys = Enumerable.Range(0, 40).Select(i => $"continue-{round}-{i}").ToArray();
            var sending = keys.Select(key => SendAsync(key)).ToArray();
            await Task.WhenAny(sending);
            await Task.Delay(TimeSpan.FromMilliseconds(moments.Next(0, 12)), TimeProvider.System, Token);
            await server.KillAsync();
            await Task.WhenAll(sending);
            await server.StartAsync(Token);
            foreach (var key in keys)
            {
                using var again = await ContinueAsync(key);
                var shown = new ShownLog();
                await ApiClient.ShowAsync(again, shown, Token);
                Assert.StartsWith(first.Text, shown.Text, StringComparison.Ordinal);
                Assert.Equal(40, shown.Text.Count(letter => letter == ' '));
                Assert.NotEqual(0, shown.Seams);
            }
        }

        await StopAndCheckAsync(server);

        Task<HttpResponseMessage> ContinueAsync(string key) =>
            client.PostAsync($"/api/v1/generations/{generation}/continue", new { }, Token, key);

        async Task SendAsync(string key)
        {
            try
            {
                using var started = await ContinueAsync(key);
            }
            catch (HttpRequestException)
            {
                // Killed before it answered.
            }
        }
    }

    [Fact]
    public async Task Reader_ThatDoesNotRead_IsCutAndComesBackWithItsPosition()
    {
        var server = await StartServerAsync(new Dictionary<string, string> { ["Streams__WriteDeadline"] = "00:00:02" });
        using var client = await SignedInAsync(server);
        var shown = new ShownLog();
        using var response = await client.AskAsync("slow #script tokens=4000 size=2000 delay=1", "slow", Token);
        var generation = GenerationOf(response);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(new DnsEndPoint(server.Address.Host, server.Address.Port), Token);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes(
                $"GET /api/v1/generations/{generation}/events HTTP/1.1\r\nHost: x\r\nCookie: {client.Cookies.GetCookieHeader(server.Address)}\r\n\r\n"
            ),
            Token
        );

        await ApiClient.ShowAsync(response, shown, Token);
        await Task.Delay(TimeSpan.FromSeconds(4), TimeProvider.System, Token);

        var received = 0;
        await Assert.ThrowsAnyAsync<SocketException>(async () =>
        {
            var buffer = new byte[64 * 1024];
            while (await socket.ReceiveAsync(buffer, Token) is var read and > 0)
            {
                received += read;
            }

            if (received < shown.Position)
            {
                throw new SocketException((int)SocketError.ConnectionReset);
            }
        });
        Assert.InRange(received, 1, (int)shown.Position - 1);
        var rest = new ShownLog(shown.Entries[0].Start + 2000);
        await client.ResumeAsync(generation, rest, Token);
        rest.MustEqual(shown);
    }

    [Fact]
    public async Task Database_LockedByAnotherProgram_MakesAnswersWaitAndLosesNothing()
    {
        var server = await StartServerAsync();
        using var client = await SignedInAsync(server);
        var expected = await ScriptedText.LearnAsync(client, KillMarathon.MostTokens, Token);
        var shown = new ShownLog();
        using var response = await client.AskAsync("locked #script tokens=100 delay=10", "locked", Token);
        var reading = ApiClient.ShowAsync(response, shown, Token);
        await WhenAsync(() => shown.Position > 100);

        DatabaseCheck.Prepare();
        long position;
        HttpResponseMessage duringFault;
        using (
            var foreign = new SqliteConnection(
                new SqliteConnectionStringBuilder { DataSource = server.DatabaseFile, Pooling = false }.ToString()
            )
        )
        {
            foreign.Open();
            using var transaction = foreign.BeginTransaction(deferred: false);
            await Task.Delay(TimeSpan.FromMilliseconds(300), TimeProvider.System, Token);
            position = shown.Position;
            var asking = client.AskAsync("during the fault #script tokens=3", "during-fault", Token);
            await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System, Token);
            Assert.Equal(position, shown.Position);
            transaction.Rollback();
            duringFault = await asking;
        }

        await reading;
        Assert.Equal(expected.Text(100), shown.Text);
        Assert.Contains(duringFault.StatusCode, new[] { HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable });
        duringFault.Dispose();
        await StopAndCheckAsync(server);
    }

    [Fact]
    public async Task Kill_WhileTheDatabaseWasMigrated_LeavesNothingThatTheNextStartWaitsFor()
    {
        var server = await StartServerAsync();
        await server.KillAsync();
        // What Entity Framework, which earlier versions migrated with, leaves when it is killed between taking its lock and giving it back.
        DatabaseCheck.Prepare();
        using (
            var connection = new SqliteConnection(
                new SqliteConnectionStringBuilder { DataSource = server.DatabaseFile, Pooling = false }.ToString()
            )
        )
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = """
                CREATE TABLE "__EFMigrationsLock" ("Id" INTEGER NOT NULL CONSTRAINT "PK___EFMigrationsLock" PRIMARY KEY, "Timestamp" TEXT NOT NULL);
                INSERT INTO "__EFMigrationsLock" ("Id", "Timestamp") VALUES (1, '2026-01-01');
                """;
            command.ExecuteNonQuery();
        }

        await server.StartAsync(Token);
    }

    private static async Task<ApiClient> SignedInAsync(ServerProcess server)
    {
        var client = new ApiClient(server.Address);
        await client.SignInAsync(Token);
        return client;
    }

    private static async Task StopAndCheckAsync(ServerProcess server)
    {
        await server.KillAsync();
        using var check = new DatabaseCheck(server.DatabaseFile);
        check.MustBeSound();
    }

    private static string GenerationOf(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response.Headers.GetValues("X-Generation-Id").Single();
    }

    private static Task WhenAsync(Func<bool> isSo) => WhenAsync(() => Task.FromResult(isSo()));

    private static async Task WhenAsync(Func<Task<bool>> isSo)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            if (Stopwatch.GetElapsedTime(began) > Limit)
            {
                throw new TimeoutException();
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, Token);
        }
    }
}
