using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace Parley.EndToEnd;

/// <summary>
/// Keeps a number of answers running, each with its own followers, on a server that is killed repeatedly, and compares everything that was
/// shown with everything that is stored.
/// </summary>
internal sealed class KillMarathon(
    ServerProcess server,
    Func<DatabaseCheck> openCheck,
    ApiClient client,
    int seed,
    int live,
    int maxAdoptions
) : IDisposable
{
    public const int MostTokens = 150,
        MostReasoning = 40;

    /// <summary>
    /// The maximum time without a new event for a running answer while the server is up, so that a run cannot pass without progress.
    /// </summary>
    private static readonly TimeSpan Progress = TimeSpan.FromSeconds(30);

    /// <summary>Events for each answer, on average, before the server is killed.</summary>
    private const int MinEvents = 4;

    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentDictionary<int, Task> _answers = new();
    private readonly ConcurrentQueue<string> _violations = new();
    private readonly ConcurrentDictionary<string, Finished> _finished = new();
    private readonly SemaphoreSlim _places = new(live);
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);
    private ScriptedText? _script;
    private int _started,
        _running,
        _followers,
        _resumes,
        _retriedPosts,
        _doublePosts,
        _seams;
    private long _events;
    private volatile bool _stopStarting;

    public IReadOnlyCollection<string> Violations => _violations;

    /// <summary>Answers whose generation runs and is followed now.</summary>
    public int Running => _running;

    public string Summary
    {
        get
        {
            var ends = _finished
                .Values.GroupBy(finished => finished.Status)
                .OrderBy(group => group.Key)
                .Select(group => $"{group.Count()} {group.Key}");
            return $"{_started} generations ({string.Join(", ", ends)}), {_followers} followers, {_resumes} resumes, {_events} events, {_seams} seams, "
                + $"{_retriedPosts} POSTs retried, {_doublePosts} sent twice at once, {_violations.Count} violations";
        }
    }

    public async Task PrepareAsync(CancellationToken cancellationToken) =>
        _script = await ScriptedText.LearnAsync(client, MostTokens, cancellationToken);

    /// <summary>Starts answers as long as fewer than the limit run, until <see cref="DrainAsync"/>.</summary>
    public async Task RunAsync()
    {
        while (!_stopStarting)
        {
            await _places.WaitAsync(_end.Token);
            if (_stopStarting)
            {
                return;
            }

            var number = _started++;
            _answers[number] = AnswerAsync(number);
        }
    }

    /// <summary>
    /// Waits until as many answers run as should, and followers have got events from the server as it is now: a kill before that would cut
    /// nothing.
    /// </summary>
    public async Task WhenLoadedAsync(CancellationToken cancellationToken)
    {
        var since = Stopwatch.GetTimestamp();
        var events = Interlocked.Read(ref _events) + (MinEvents * live);
        while (_running < live * 9 / 10 || Interlocked.Read(ref _events) < events)
        {
            if (Stopwatch.GetElapsedTime(since) > Progress)
            {
                throw new TimeoutException(
                    $"Only {_running} of {live} answers run, with {events - Interlocked.Read(ref _events)} events to come; {Summary}.\n{string.Join("\n", _violations.Take(20))}"
                );
            }

            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Starts no more, and waits until those that run have ended.</summary>
    public async Task DrainAsync(TimeSpan limit)
    {
        _stopStarting = true;
        _places.Release();
        await Task.WhenAll(_answers.Values).WaitAsync(limit);
    }

    /// <summary>What ended stays as it was, whatever happened to the server since.</summary>
    public async Task CheckFinishedAgainAsync(CancellationToken cancellationToken) =>
        await Parallel.ForEachAsync(
            _finished,
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken },
            async (pair, token) =>
            {
                try
                {
                    var message = await client.GetAsync($"/api/v1/messages/{pair.Value.MessageId}", token);
                    if (
                        message.GetProperty("status").GetString() != pair.Value.Status
                        || message.GetProperty("content").GetString()!.GetHashCode(StringComparison.Ordinal) != pair.Value.ContentHash
                        || message.GetProperty("position").GetInt64() != pair.Value.End
                    )
                    {
                        _violations.Enqueue($"{pair.Key} changed after its end: {message}");
                    }
                }
                catch (ViolationException error)
                {
                    _violations.Enqueue($"{pair.Key}: {error.Message}");
                }
            }
        );

    /// <summary>Compares the database of the stopped server with what was shown.</summary>
    public void CheckDatabase()
    {
        try
        {
            using var check = openCheck();
            check.MustBeSound();
            var ended = check
                .Rows("SELECT id || ' ' || status || ' ' || end_position FROM generations WHERE status <> 'running'")
                .ToHashSet();
            foreach (var (id, finished) in _finished)
            {
                if (!ended.Contains($"{id} {finished.Status} {finished.End}"))
                {
                    _violations.Enqueue($"{id} was seen to end as {finished.Status} at {finished.End}; the database does not have that");
                }
            }
        }
        catch (ViolationException error)
        {
            _violations.Enqueue(error.Message);
        }
    }

    public void Dispose()
    {
        _end.Cancel();
        _end.Dispose();
        _places.Dispose();
    }

    private int Next(int from, int to)
    {
        lock (_gate)
        {
            return _random.Next(from, to);
        }
    }

    private ScriptedAnswer NextScript(int number)
    {
        var tokens = Next(1, MostTokens + 1);
        return new ScriptedAnswer(
            $"answer-{seed}-{number}",
            tokens,
            Next(1, 25),
            Next(0, 3) == 0 ? Next(1, MostReasoning + 1) : 0,
            Next(0, 8) == 0 ? Next(0, tokens) : null
        );
    }

    private async Task AnswerAsync(int number)
    {
        var script = NextScript(number);
        var answer = new Answer(script, server.Cuts);
        var counted = false;
        try
        {
            // The POST is the first follower. It may be cut before it is answered; its idempotency key then finds the answer.
            List<Task> followers = [AskAsync(answer, new ShownLog())];
            if (Next(0, 6) == 0)
            {
                Interlocked.Increment(ref _doublePosts);
                followers.Add(AskAsync(answer, new ShownLog()));
            }

            var known = await Task.WhenAny(answer.Known.Task, Task.WhenAll(followers));
            await known;
            Interlocked.Increment(ref _running);
            counted = true;
            if (Next(0, 2) == 0)
            {
                followers.Add(JoinAsync(answer, Next(0, 600), fromPosition: Next(0, 2) == 0));
            }

            if (Next(0, 10) == 0)
            {
                followers.Add(StopAsync(answer, Next(50, 1500)));
            }

            await Task.WhenAll(followers);
            await CheckAsync(answer);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            return;
        }
        catch (Exception error)
        {
            _violations.Enqueue($"{script.Prompt} ({answer.GenerationId}): {(error is ViolationException ? error.Message : error)}");
        }
        finally
        {
            if (counted)
            {
                Interlocked.Decrement(ref _running);
            }

            _answers.TryRemove(number, out _);
            if (!_end.IsCancellationRequested)
            {
                _places.Release();
            }
        }
    }

    private async Task AskAsync(Answer answer, ShownLog shown)
    {
        answer.Add(shown);
        Interlocked.Increment(ref _followers);
        var isRetry = false;
        var (response, cuts) = await PersistAsync(async token =>
        {
            if (isRetry)
            {
                Interlocked.Increment(ref _retriedPosts);
            }

            isRetry = true;
            return await client.AskAsync(answer.Script.Prompt, answer.Script.Tag, token);
        });
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new ViolationException(
                $"POST answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(_end.Token)}"
            );
        }

        answer.Found(response.Headers.GetValues("X-Generation-Id").Single());
        await FollowAsync(answer, shown, response, cuts);
    }

    private async Task JoinAsync(Answer answer, int afterMilliseconds, bool fromPosition)
    {
        await PauseAsync(afterMilliseconds);
        var shown = new ShownLog(fromPosition ? answer.First.Position : 0);
        answer.Add(shown);
        Interlocked.Increment(ref _followers);
        await FollowAsync(answer, shown, null, 0);
    }

    private async Task StopAsync(Answer answer, int afterMilliseconds)
    {
        await PauseAsync(afterMilliseconds);
        answer.StopAsked = true;
        var (response, _) = await PersistAsync(token =>
            client.PostAsync($"/api/v1/generations/{answer.GenerationId}/stop", new { position = answer.First.Position }, token)
        );
        if (!response.IsSuccessStatusCode)
        {
            throw new ViolationException(
                $"stop answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(_end.Token)}"
            );
        }
    }

    /// <summary>Follows to the end, over as many connections as it takes, each from where the last one was cut.</summary>
    private async Task FollowAsync(Answer answer, ShownLog shown, HttpResponseMessage? response, int cuts)
    {
        while (true)
        {
            try
            {
                if (response is null)
                {
                    (response, cuts) = await PersistAsync(token =>
                        client.FollowAsync(answer.GenerationId!, shown.HasStarted || shown.Position > 0 ? shown.Position : null, token)
                    );
                }
                // It had seen the end when it was cut, or it joined there.
                if (
                    response.StatusCode == HttpStatusCode.NoContent
                    && (shown.Terminal is not null || (shown.Origin > 0 && shown.Entries.Count == 0))
                )
                {
                    return;
                }

                using var silence = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
                silence.CancelAfter(Progress);
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    throw new ViolationException(
                        $"following from {shown.Position} was answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(silence.Token)}"
                    );
                }

                await using var stream = await response.Content.ReadAsStreamAsync(silence.Token);
                await foreach (var next in EventReader.ReadAsync(stream, silence.Token))
                {
                    if (next.Type == "start")
                    {
                        answer.MustBe(next);
                    }

                    shown.Add(next);
                    Interlocked.Increment(ref _events);
                    silence.CancelAfter(Progress);
                }

                if (shown.Terminal is null)
                {
                    throw new ViolationException($"the stream ended at {shown.Position} without an end");
                }

                return;
            }
            catch (Exception error) when (error is IOException or HttpRequestException)
            {
                if (server.Cuts == cuts)
                {
                    throw new ViolationException(
                        $"the connection was cut at {shown.Position}, although the server was not killed: {error.Message}"
                    );
                }

                Interlocked.Increment(ref _resumes);
            }
            catch (OperationCanceledException) when (!_end.IsCancellationRequested)
            {
                throw new ViolationException($"nothing came for {Progress.TotalSeconds} s at {shown.Position}");
            }
            finally
            {
                response?.Dispose();
                response = null;
            }
        }
    }

    /// <summary>Repeats a request until it is answered, because the server may be killed at any time.</summary>
    private async Task<(HttpResponseMessage Response, int Cuts)> PersistAsync(Func<CancellationToken, Task<HttpResponseMessage>> send)
    {
        while (true)
        {
            var cuts = await server.WhenReadyAsync(_end.Token);
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(_end.Token);
            patience.CancelAfter(Progress);
            try
            {
                return (await send(patience.Token), cuts);
            }
            catch (HttpRequestException) when (server.Cuts > cuts)
            {
                // Killed before it answered.
            }
            catch (OperationCanceledException) when (!_end.IsCancellationRequested)
            {
                throw new ViolationException($"no answer to a request for {Progress.TotalSeconds} s");
            }
        }
    }

    /// <summary>All of an answer that has ended, from every side.</summary>
    private async Task CheckAsync(Answer answer)
    {
        while (true)
        {
            var cuts = await server.WhenReadyAsync(_end.Token);
            try
            {
                var whole = await client.ReadWholeAsync(answer.GenerationId!, _end.Token);
                if (whole.Terminal is null)
                {
                    throw new ViolationException("the log of an answer that has ended has no end");
                }

                foreach (var shown in answer.Shown)
                {
                    if (shown.Terminal is null)
                    {
                        shown.MustBePrefixOf(whole);
                    }
                    else
                    {
                        shown.MustEqual(whole);
                    }
                }

                var generation = await client.GetAsync($"/api/v1/generations/{answer.GenerationId}", _end.Token);
                var message = await client.GetAsync($"/api/v1/messages/{generation.GetProperty("messageId").GetString()}", _end.Token);
                CheckStored(whole, generation, message);
                CheckText(answer, whole, generation.GetProperty("status").GetString()!);
                using var atEnd = await client.FollowAsync(answer.GenerationId!, whole.Position, _end.Token);
                if (atEnd.StatusCode != HttpStatusCode.NoContent)
                {
                    throw new ViolationException($"following from the end was answered {(int)atEnd.StatusCode}");
                }

                Interlocked.Add(ref _seams, whole.Seams);
                _finished[answer.GenerationId!] = new Finished(
                    generation.GetProperty("messageId").GetString()!,
                    generation.GetProperty("status").GetString()!,
                    whole.Position,
                    message.GetProperty("content").GetString()!.GetHashCode(StringComparison.Ordinal)
                );
                return;
            }
            catch (Exception error) when (error is IOException or HttpRequestException && server.Cuts > cuts)
            {
                // Killed while it was read: read again.
            }
        }
    }

    /// <summary>The generation and its message say what the log says.</summary>
    private static void CheckStored(ShownLog whole, JsonElement generation, JsonElement message)
    {
        var status = generation.GetProperty("status").GetString();
        var terminal = JsonElement.Parse(whole.Terminal!);
        var expected =
            terminal.GetProperty("type").GetString() == "error" ? terminal.GetProperty("status").GetString()
            : terminal.GetProperty("finishReason").GetString() == "stopped" ? "stopped"
            : "completed";
        if (status != expected)
        {
            throw new ViolationException($"the generation says {status}, its last event {whole.Terminal}");
        }

        if (message.GetProperty("status").GetString() != status)
        {
            throw new ViolationException($"the generation says {status}, the message {message.GetProperty("status")}");
        }

        foreach (
            var (name, position) in new[]
            {
                ("generation", generation.GetProperty("position").GetInt64()),
                ("message", message.GetProperty("position").GetInt64()),
            }
        )
        {
            if (position != whole.Position)
            {
                throw new ViolationException($"the {name} ends at {position}, its log at {whole.Position}");
            }
        }

        if (
            expected == "completed"
            && generation.GetProperty("finishReason").GetString() != terminal.GetProperty("finishReason").GetString()
        )
        {
            throw new ViolationException($"two finish reasons: {generation} and {whole.Terminal}");
        }

        var parts = new ShownLog();
        var text = "";
        foreach (var part in message.GetProperty("parts").EnumerateArray())
        {
            var position = part.GetProperty("position").GetInt64();
            if (part.GetProperty("type").GetString() == "seam")
            {
                if (!whole.Entries.Any(entry => entry.Kind == "seam" && entry.Start == position))
                {
                    throw new ViolationException($"the message has a seam at {position}, the log has none there");
                }

                continue;
            }

            var partText = part.GetProperty("text").GetString()!;
            if (partText.Length == 0)
            {
                continue;
            }

            var kind = part.GetProperty("type").GetString() == "text" ? "token" : "reasoning";
            var entry = whole.Entries.FirstOrDefault(entry => entry.Start == position && entry.Kind == kind)
                ?? throw new ViolationException($"the message has a part at {position}, the log has none there");
            if (!entry.Payload.SequenceEqual(System.Text.Encoding.UTF8.GetBytes(partText)))
            {
                throw new ViolationException($"the message's part at {position} is not what was shown there");
            }

            text += kind == "token" ? partText : "";
        }

        if (text != whole.Text)
        {
            throw new ViolationException("the message's parts are not all of the log");
        }

        var stoppedAt = terminal.TryGetProperty("stoppedAt", out var at) ? at.GetInt64() : (long?)null;
        var content = message.GetProperty("content").GetString()!;
        if (stoppedAt is null ? content != text : !text.StartsWith(content, StringComparison.Ordinal))
        {
            throw new ViolationException("the message's content is not its text");
        }
    }

    /// <summary>The text is what an undisturbed run gives, as far as the answer came.</summary>
    private void CheckText(Answer answer, ShownLog whole, string status)
    {
        var script = answer.Script;
        var (text, reasoning) = (whole.Text, whole.Reasoning);
        var (wholeText, wholeReasoning) = (_script!.Text(script.Tokens), _script.Reasoning(script.Reasoning));
        var good = status switch
        {
            "completed" => text == wholeText && reasoning == wholeReasoning && (script.ErrorAfter is null || whole.Seams > 0),
            "failed" => script.ErrorAfter is { } at && text == _script.Text(at) && reasoning == wholeReasoning,
            "stopped" => answer.StopAsked && Begins(),
            "interrupted" => server.Cuts - answer.CutsAtStart > maxAdoptions && Begins(),
            _ => false,
        };
        if (!good)
        {
            throw new ViolationException(
                $"it is {status} after {server.Cuts - answer.CutsAtStart} kills, {whole.Terminal}, with {text.Length} of {wholeText.Length} characters and {reasoning.Length} of {wholeReasoning.Length} of reasoning"
            );
        }

        bool Begins() =>
            wholeText.StartsWith(text, StringComparison.Ordinal) && wholeReasoning.StartsWith(reasoning, StringComparison.Ordinal);
    }

    private Task PauseAsync(int milliseconds) => Task.Delay(TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System, _end.Token);

    private sealed record Finished(string MessageId, string Status, long End, int ContentHash);

    private sealed class Answer(ScriptedAnswer script, int cutsAtStart)
    {
        private readonly ConcurrentQueue<ShownLog> _shown = new();
        private string? _generationId;

        public ScriptedAnswer Script => script;

        public int CutsAtStart => cutsAtStart;

        public TaskCompletionSource Known { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool StopAsked { get; set; }

        public string? GenerationId => _generationId;

        public IEnumerable<ShownLog> Shown => _shown;

        public ShownLog First => _shown.First();

        public void Add(ShownLog shown) => _shown.Enqueue(shown);

        public void Found(string generationId)
        {
            var known = Interlocked.CompareExchange(ref _generationId, generationId, null);
            if (known is not null && known != generationId)
            {
                throw new ViolationException($"one key started two generations: {known} and {generationId}");
            }

            Known.TrySetResult();
        }

        public void MustBe(StreamEvent start)
        {
            if (start.Data.GetProperty("generationId").GetString() != _generationId)
            {
                throw new ViolationException($"the stream of another generation: {start.Data}");
            }
        }
    }
}
