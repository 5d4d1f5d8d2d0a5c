using Microsoft.Extensions.AI;

namespace Parley.Streaming.Providers.Prompts;

/// <summary>A turn of one side: consecutive messages of one role, merged.</summary>
/// <param name="IsAssistant">Whose turn it is.</param>
/// <param name="Contents">
/// Never empty. Text that is not white space alone, whole tool calls and results; of users also files; of assistants also reasoning, which
/// is never the last content.
/// </param>
internal sealed record PromptTurn(bool IsAssistant, List<AIContent> Contents);

/// <summary>
/// A conversation as protocols want it whose roles alternate. The user begins; system messages are outside; each tool call is answered at
/// the beginning of the next user turn.
/// </summary>
/// <param name="System">The instructions and all system messages; null where there are none.</param>
/// <param name="Turns">Users and assistants in turn.</param>
internal sealed record AlternatingPrompt(string? System, IReadOnlyList<PromptTurn> Turns)
{
    // The protocols have no empty message, so a conversation that the assistant begins gets the shortest one before it.
    private const string Opening = ".";
    private const string NotRun = "There is no result: the tool was not run.";

    /// <summary>The last turn is the assistant's: something to continue.</summary>
    public bool EndsWithAssistant => Turns.Count > 0 && Turns[^1].IsAssistant;

    /// <summary>Takes messages in any order.</summary>
    public static AlternatingPrompt Create(IEnumerable<ChatMessage> messages, string? instructions)
    {
        List<string> system = string.IsNullOrWhiteSpace(instructions) ? [] : [instructions];
        List<PromptTurn> turns = [];
        foreach (var message in messages)
        {
            if (message.Role == ChatRole.System || message.Role.Value == "developer")
            {
                if (!string.IsNullOrWhiteSpace(message.Text))
                {
                    system.Add(message.Text);
                }

                continue;
            }

            List<AIContent> reasoning = [];
            foreach (var content in ToolCallContents.WithoutFragments(message.Contents).Where(IsSent))
            {
                if (content is TextReasoningContent)
                {
                    reasoning.Add(content);
                    continue;
                }

                var isAssistant = message.Role == ChatRole.Assistant && content is not FunctionResultContent;
                if (isAssistant)
                {
                    reasoning.ForEach(thought => Add(turns, isAssistant, thought));
                }

                reasoning.Clear();
                Add(turns, isAssistant, content);
            }
        }

        AnswerCalls(turns);
        if (turns.Count > 0 && turns[0].IsAssistant)
        {
            turns.Insert(0, new PromptTurn(IsAssistant: false, [new TextContent(Opening)]));
        }

        return new AlternatingPrompt(system.Count == 0 ? null : string.Join("\n\n", system), turns);
    }

    /// <summary>
    /// The same prompt for a model that does not continue a trailing assistant message: the user asks it to go on. Such a prompt comes from
    /// a client; Parley itself continues answers only with models that accept a prefix.
    /// </summary>
    public AlternatingPrompt WithoutPrefix() =>
        EndsWithAssistant
            ? this with
            {
                Turns = [.. Turns, new PromptTurn(IsAssistant: false, [new TextContent("Continue exactly where you stopped.")])],
            }
            : this;

    /// <summary>The names of the tools that the conversation calls, each once.</summary>
    public IEnumerable<string> CalledTools() =>
        Turns.SelectMany(turn => turn.Contents).OfType<FunctionCallContent>().Select(call => call.Name).Distinct(StringComparer.Ordinal);

    private static bool IsSent(AIContent content) =>
        content switch
        {
            TextContent text => !string.IsNullOrWhiteSpace(text.Text),
            TextReasoningContent or FunctionCallContent or FunctionResultContent or DataContent or UriContent => true,
            _ => false,
        };

    private static void Add(List<PromptTurn> turns, bool isAssistant, AIContent content)
    {
        if (isAssistant && content is DataContent or UriContent)
        {
            return;
        }

        if (turns.Count == 0 || turns[^1].IsAssistant != isAssistant)
        {
            turns.Add(new PromptTurn(isAssistant, []));
        }

        turns[^1].Contents.Add(content);
    }

    // Providers refuse a call without a result, a result without a call, and a result that is not at once behind its call. Such
    // conversations exist: an answer was stopped between call and result, or a client cut off the beginning.
    private static void AnswerCalls(List<PromptTurn> turns)
    {
        List<FunctionCallContent> open = [];
        for (var i = 0; i <= turns.Count; i++)
        {
            if (open.Count > 0 && (i == turns.Count || turns[i].IsAssistant))
            {
                turns.Insert(i, new PromptTurn(IsAssistant: false, []));
            }

            if (i == turns.Count)
            {
                return;
            }

            if (turns[i].IsAssistant)
            {
                open = [.. turns[i].Contents.OfType<FunctionCallContent>()];
                continue;
            }

            var contents = turns[i].Contents;
            var results = open.ConvertAll<AIContent>(call =>
                contents.OfType<FunctionResultContent>().FirstOrDefault(result => result.CallId == call.CallId)
                ?? new FunctionResultContent(call.CallId, NotRun) { Exception = new InvalidOperationException(NotRun) }
            );
            var others = contents.FindAll(content => !results.Contains(content)).ConvertAll(WithoutCall);
            contents.Clear();
            contents.AddRange(results);
            contents.AddRange(others);
            open = [];
        }
    }

    private static AIContent WithoutCall(AIContent content) =>
        content is FunctionResultContent result
            ? new TextContent($"Result of the tool call {result.CallId}: {RequestJson.TextOf(result)}")
            : content;
}
