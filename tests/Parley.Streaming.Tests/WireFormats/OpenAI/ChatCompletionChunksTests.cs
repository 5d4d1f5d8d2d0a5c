using System.Buffers;
using System.Text;
using System.Text.Json;
using Parley.Streaming.Generations;
using Parley.Streaming.WireFormats.OpenAI;
using Parley.Testing.Generations;

namespace Parley.Streaming.Tests.WireFormats.OpenAI;

/// <summary>Chat Completions: a client reads the same answer from slices of any size.</summary>
public sealed class ChatCompletionChunksTests
{
    [Fact]
    public async Task Write_HoweverItIsCut_MeansTheSame() => await Patience.Seeds(150, random =>
        {
            var log = RandomLog.Next(random, ended: random.Next(5) > 0);
            var (tools, usage) = (log.SomeTools(random), random.Next(2) == 0);
            var expected = Answer.Of(Format(usage, tools).Write(log));
            foreach (var oneIn in (int[])[1, 2, 9])
            {
                Assert.Equal(expected.ToString(), Answer.Of(Format(usage, tools).Write(log.Cut(random, oneIn))).ToString());
            }

            return Task.CompletedTask;
        });

    [Fact]
    public async Task Write_OfAnyLog_SaysWhatIsInIt() => await Patience.Seeds(300, random =>
        {
            var log = RandomLog.Next(random);
            var tools = log.SomeTools(random);
            var answer = Answer.Of(Format(false, tools).Write(log));
            Assert.Equal(log.TextOf(PartKind.Text), answer.Content);
            Assert.Equal(log.TextOf(PartKind.Reasoning), answer.Reasoning);
            Assert.Equal(
                log.Controls.Select(control => control.Entry)
                    .OfType<PartOpened>()
                    .Where(part => tools.Contains(part.Name ?? ""))
                    .Select(part => (part.CallId, part.Name)),
                answer.Calls.Select(call => ((string?)call.Id, (string?)call.Name))
            );
            Assert.Equal(log.Ended!.Error is not null, answer.Error is not null);
            Assert.Equal(log.Ended.Error is null, answer.Done);
            Assert.Equal(
                log.Ended.Error is null
                    ? log.Ended.Status == GenerationStatus.Completed && answer.Calls.Count > 0
                        ? "tool_calls"
                        : "stop"
                    : null,
                answer.Finish
            );
            return Task.CompletedTask;
        });

    [Fact]
    public async Task Write_OfAnyLog_KeepsToTheFormat() => await Patience.Seeds(200, random =>
        {
            var log = RandomLog.Next(random);
            var usage = random.Next(2) == 0;
            var lines = EventStreamReader.Lines(Format(usage, log.SomeTools(random)).Write(log.Cut(random, 4)));
            string? head = null;
            for (var i = 0; i < lines.Count; i += 2)
            {
                Assert.StartsWith("data: ", lines[i], StringComparison.Ordinal);
                Assert.Equal("", lines[i + 1]);
                if (lines[i] == "data: [DONE]")
                {
                    Assert.Equal(lines.Count - 2, i);
                    continue;
                }

                var chunk = JsonElement.Parse(lines[i][6..]);
                if (chunk.TryGetProperty("error", out _))
                {
                    Assert.Equal(lines.Count - 2, i);
                    continue;
                }

                // Strict clients require these members to be the same in every chunk.
                var same = string.Join(
                    ' ',
                    chunk.GetProperty("id"),
                    chunk.GetProperty("object"),
                    chunk.GetProperty("created"),
                    chunk.GetProperty("model")
                );
                Assert.Equal(head ??= same, same);
                if (usage)
                {
                    Assert.Equal(
                        chunk.GetProperty("choices").GetArrayLength() == 0 ? JsonValueKind.Object : JsonValueKind.Null,
                        chunk.GetProperty("usage").ValueKind
                    );
                }
                else
                {
                    Assert.False(chunk.TryGetProperty("usage", out _));
                }
            }

            return Task.CompletedTask;
        });

    [Fact]
    public void WriteHeartbeat_Read_AddsNothing()
    {
        var output = new ArrayBufferWriter<byte>();
        var format = Format(true, null);
        format.WriteStart(output);
        format.WriteHeartbeat(output);
        format.Write(OpenAILogs.Plain.From(0), output);
        Assert.Equal(Answer.Of(Format(true, null).Write(OpenAILogs.Plain)).ToString(), Answer.Of(output.WrittenSpan).ToString());
        Assert.DoesNotContain("\n:", Encoding.UTF8.GetString(output.WrittenSpan), StringComparison.Ordinal);
    }

    [Fact]
    public void Write_OfUndeclaredTools_WritesNoCallAndStops()
    {
        var answer = Answer.Of(Format(false, null).Write(OpenAILogs.Tool));
        Assert.Empty(answer.Calls);
        Assert.Equal("stop", answer.Finish);
    }

    [Theory]
    [InlineData("stop", "stop")]
    [InlineData("length", "length")]
    [InlineData("content-filter", "content_filter")]
    [InlineData("tool-calls", "stop")]
    public void Write_OfAFinishReason_IsInOpenAIsTerms(string reason, string expected)
    {
        var log = new LogBuilder().Part(PartKind.Text, "x").Add(new GenerationEnded(GenerationStatus.Completed, reason)).Log;
        Assert.Equal(expected, Answer.Of(Format(false, null).Write(log)).Finish);
    }

    [Fact]
    public void CutsAfterFailure_IsTrue() => Assert.True(Format(false, null).CutsAfterFailure);

    [Fact]
    public void Write_OfKnownLogs_IsTheGoldenFile() =>
        GoldenCases.AssertEqual(
            "chat-completions.txt",
            [
                .. OpenAILogs.All.Select(one => (one.Title, Format(true, OpenAILogs.Tools).Write(one.Log))),
                (
                    "plain, without usage, under the client's name for the model",
                    new ChatCompletionChunks(OpenAILogs.Info, false, null, "my \"model\"").Write(OpenAILogs.Plain)
                ),
                .. OpenAILogs.All.Where(one => one.Log.Ended!.Error is null).Select(one => ("object: " + one.Title, Object(one.Log))),
            ]
        );

    [Fact]
    public async Task Object_OfAnyLog_SaysWhatTheChunksSay() => await Patience.Seeds(300, random =>
        {
            var log = RandomLog.Next(random);
            if (log.Ended!.Error is not null)
            {
                return Task.CompletedTask;
            }

            var tools = log.SomeTools(random);
            var answer = Answer.Of(Format(true, tools).Write(log));
            var output = new ArrayBufferWriter<byte>();
            ChatCompletionObject.Write(OpenAILogs.Info, log, tools, output);
            var completion = JsonElement.Parse(output.WrittenSpan);
            var message = completion.GetProperty("choices")[0].GetProperty("message");
            if (log.Ended.StoppedAt is { } at)
            {
                Assert.Equal(log.TextOf(PartKind.Text, at), message.GetProperty("content").GetString() ?? "");
                return Task.CompletedTask;
            }

            Assert.Equal(answer.Content, message.GetProperty("content").GetString() ?? "");
            Assert.Equal(answer.Reasoning, message.TryGetProperty("reasoning_content", out var reasoning) ? reasoning.GetString() : "");
            Assert.Equal(answer.Finish, completion.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
            Assert.Equal(answer.Usage, completion.GetProperty("usage").GetRawText());
            Assert.Equal(
                answer.Calls.Select(call => (call.Id, call.Name, call.Arguments.ToString())),
                message.TryGetProperty("tool_calls", out var calls)
                    ? calls
                        .EnumerateArray()
                        .Select(call =>
                            (
                                call.GetProperty("id").GetString()!,
                                call.GetProperty("function").GetProperty("name").GetString()!,
                                call.GetProperty("function").GetProperty("arguments").GetString()!
                            )
                        )
                    : []
            );
            return Task.CompletedTask;
        });

    private static ChatCompletionChunks Format(bool usage, IReadOnlySet<string>? tools) => new(OpenAILogs.Info, usage, tools);

    private static byte[] Object(LogSnapshot log)
    {
        var output = new ArrayBufferWriter<byte>();
        ChatCompletionObject.Write(OpenAILogs.Info, log, OpenAILogs.Tools, output);
        return output.WrittenSpan.ToArray();
    }

    /// <summary>Reads chunks as a client does.</summary>
    private sealed class Answer
    {
        public string Content { get; private set; } = "";

        public string Reasoning { get; private set; } = "";

        public List<(string Id, string Name, StringBuilder Arguments)> Calls { get; } = [];

        public string? Finish { get; private set; }

        public string? Usage { get; private set; }

        public string? Error { get; private set; }

        public bool Done { get; private set; }

        public static Answer Of(ReadOnlySpan<byte> bytes)
        {
            var answer = new Answer();
            var role = "";
            foreach (var one in EventStreamReader.Read(bytes))
            {
                Assert.Equal(("message", ""), (one.Type, one.LastEventId));
                Assert.False(answer.Done || answer.Error is not null, "There is something after the end.");
                if (one.Data == "[DONE]")
                {
                    answer.Done = true;
                    continue;
                }

                if (one.Json.TryGetProperty("error", out var error))
                {
                    answer.Error = error.GetRawText();
                }
                else if (one.Json.GetProperty("choices").GetArrayLength() == 0)
                {
                    answer.Usage = one.Json.GetProperty("usage").GetRawText();
                }
                else
                {
                    answer.Add(one.Json.GetProperty("choices")[0], ref role);
                }
            }

            Assert.Equal("assistant", role);
            return answer;
        }

        private void Add(JsonElement choice, ref string role)
        {
            Assert.Null(Finish);
            var delta = choice.GetProperty("delta");
            if (delta.TryGetProperty("role", out var who))
            {
                role += who.GetString();
            }

            if (delta.TryGetProperty("content", out var content))
            {
                Content += content.GetString();
            }

            if (delta.TryGetProperty("reasoning_content", out var reasoning))
            {
                Reasoning += reasoning.GetString();
                Assert.Equal(reasoning.GetString(), delta.GetProperty("reasoning").GetString());
            }

            if (delta.TryGetProperty("tool_calls", out var calls))
            {
                AddCall(Assert.Single(calls.EnumerateArray()));
            }

            Finish = choice.GetProperty("finish_reason").GetString();
        }

        private void AddCall(JsonElement call)
        {
            var function = call.GetProperty("function");
            if (call.TryGetProperty("id", out var id))
            {
                Calls.Add((id.GetString()!, function.GetProperty("name").GetString()!, new StringBuilder()));
            }

            Assert.Equal(Calls.Count - 1, call.GetProperty("index").GetInt32());
            Calls[^1].Arguments.Append(function.GetProperty("arguments").GetString());
        }

        public override string ToString() =>
            string.Join(
                '\n',
                Content,
                Reasoning,
                string.Join(',', Calls.Select(call => $"{call.Id} {call.Name} {call.Arguments}")),
                Finish,
                Usage,
                Error,
                Done
            );
    }
}
