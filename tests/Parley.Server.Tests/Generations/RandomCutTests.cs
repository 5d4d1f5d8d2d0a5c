using System.Globalization;
using System.Text.Json;
using Parley.Server.Tests.Hosting;
using Parley.Streaming.WireFormats;

namespace Parley.Server.Tests.Generations;

/// <summary>A server whose clients lose their connections.</summary>
public sealed class RandomCutServer : IAsyncLifetime
{
    internal ParleyServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await ParleyServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>
/// A hundred answers in each format, each cut after a random number of bytes: what was received is the beginning of the answer, no client
/// takes it for complete, and after reconnecting each has every character once.
/// </summary>
public sealed class RandomCutTests(RandomCutServer fixture) : IClassFixture<RandomCutServer>
{
    private const int Cuts = 100,
        AtOnce = 8;

    public static TheoryData<string> Formats => [.. WireFormatCatalog.All.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task Answer_CutAHundredTimes_LosesAndDoublesNothing(string format)
    {
        using var ana = fixture.Server.NewUser();
        await ana.IdAsync();
        var whole = (await ana.AnsweredAsync(Script(0))).Text;
        var length = (await AskAsync(ana, format, Script(1), "measured", int.MaxValue)).Length;
        var only = Environment.GetEnvironmentVariable("PARLEY_SEED");
        await Parallel.ForEachAsync(Enumerable.Range(1, Cuts), new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (seed, _) =>
        {
            if (only is not null && only != seed.ToString(CultureInfo.InvariantCulture))
            {
                return;
            }

            try
            {
                await OneAsync(ana, format, whole, length, new Random(seed), $"key-{seed}");
            }
            catch (Exception error)
            {
                throw new InvalidOperationException($"PARLEY_SEED={seed}: {error.Message}", error);
            }
        });

        // However often it was requested, each answer was started once.
        if (only is null)
        {
            Assert.Equal(Cuts + 2, fixture.Server.Tables.Count("generations", "owner_id = @id", ("@id", await ana.IdAsync())));
        }
    }

    private async Task OneAsync(TestUser ana, string format, string whole, int length, Random random, string key)
    {
        var script = Script(random.Next(2));
        var cut = await AskAsync(ana, format, script, key, random.Next(1, length));
        var seen = await ReadAsync(format, cut, whole);
        if (format is "native" or "token" or "responses")
        {
            await GoOnAsync(ana, format, whole, script, key, cut, seen, random);
            return;
        }

        // Without a cursor the whole answer is read again: by repeating the request, or, once the generation's id is known, by following
        // it.
        var again =
            cut.Headers.TryGetValue("X-Generation-Id", out var generation) && random.Next(2) == 0
                ? await RequestAsync(ana, int.MaxValue, "GET", $"/api/v1/generations/{generation}/events?format={format}", null)
                : await AskAsync(ana, format, script, key, int.MaxValue);
        var replay = await ReadAsync(format, again, whole);
        Assert.Equal((200, true, whole), (again.Status, again.IsWhole, replay.Text));
        if (seen.MessageId is not null)
        {
            Assert.Equal(seen.MessageId, replay.MessageId);
        }
    }

    /// <summary>Reconnects with the last cursor, and is cut again and again, until the end.</summary>
    private async Task GoOnAsync(
        TestUser ana,
        string format,
        string whole,
        string script,
        string key,
        RawResponse first,
        DecodedAnswer seen,
        Random random
    )
    {
        var (text, cursor, isComplete) = (seen.Text, seen.Cursor, seen.IsComplete);
        var (generation, response) = (first.Headers.GetValueOrDefault("X-Generation-Id"), seen.MessageId);
        for (var connection = 0; !isComplete; connection++)
        {
            var most = connection < 6 ? random.Next(1, 3000) : int.MaxValue;
            // Before its first event a client has no cursor and repeats the request.
            var path =
                format == "responses"
                    ? $"/v1/responses/{response}?stream=true&starting_after={cursor}"
                    : $"/api/v1/generations/{generation}/events?format={format}";
            var answer =
                cursor is null || generation is null
                    ? await AskAsync(ana, format, script, key, most)
                    : await RequestAsync(ana, most, "GET", path, null, format == "responses" ? [] : [("Last-Event-ID", cursor)]);
            generation ??= answer.Headers.GetValueOrDefault("X-Generation-Id");
            if (answer.Status == 204)
            {
                break;
            }

            Assert.True(answer.Status is 0 or 200, $"{answer.Status}");
            var rest = await DecodedAnswer.OfAsync(format, answer.Body);
            response ??= rest.MessageId;
            if (rest.Cursor is null)
            {
                continue;
            }

            if (cursor is not null)
            {
                Assert.True(long.Parse(rest.Cursor, CultureInfo.InvariantCulture) > long.Parse(cursor, CultureInfo.InvariantCulture));
            }

            (text, cursor, isComplete) = (text + rest.Text, rest.Cursor, rest.IsComplete);
            Assert.StartsWith(text, whole, StringComparison.Ordinal);
        }

        Assert.Equal(whole, text);
    }

    /// <summary>Asserts what a client has received: the beginning of the answer, and a regular end only when it is complete.</summary>
    private static async Task<DecodedAnswer> ReadAsync(string format, RawResponse answer, string whole)
    {
        var reading = await DecodedAnswer.OfAsync(format, answer.Body);
        Assert.StartsWith(reading.Text, whole, StringComparison.Ordinal);
        Assert.Equal((false, null), (reading.IsAborted, reading.Error));
        if (format == "text" ? answer.IsWhole : reading.IsComplete)
        {
            Assert.Equal(whole, reading.Text);
        }

        return reading;
    }

    private Task<RawResponse> AskAsync(TestUser ana, string format, string script, string key, int most) =>
        format == "responses"
            ? RequestAsync(
                ana,
                most,
                "POST",
                "/v1/responses",
                JsonSerializer.Serialize(
                    new
                    {
                        model = "scripted",
                        input = script,
                        stream = true,
                    }
                ),
                ("Idempotency-Key", key)
            )
            : RequestAsync(
                ana,
                most,
                "POST",
                $"/api/chat?format={format}",
                JsonSerializer.Serialize(new { message = script, model = "scripted" }),
                ("Idempotency-Key", key)
            );

    /// <summary>One connection, cut after this number of bytes.</summary>
    private async Task<RawResponse> RequestAsync(
        TestUser ana,
        int most,
        string method,
        string path,
        string? body,
        params (string Name, string Value)[] headers
    )
    {
        using var raw = await RawConnection.OpenAsync(fixture.Server);
        await raw.RequestAsync(ana, fixture.Server, method, path, body, headers);
        return await raw.AnswerAsync(most);
    }

    private static string Script(int delay) => $"#script tokens=40 reasoning=2 tool=1 delay={delay}";
}
