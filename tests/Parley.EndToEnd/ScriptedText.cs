namespace Parley.EndToEnd;

/// <summary>What a <c>#script</c> line asks for.</summary>
public sealed record ScriptedAnswer(string Tag, int Tokens, int Delay, int Reasoning, int? ErrorAfter)
{
    public string Prompt =>
        $"{Tag} #script tokens={Tokens} delay={Delay} reasoning={Reasoning}{(ErrorAfter is { } at ? $" error-after={at}" : "")}";
}

/// <summary>The whole text of scripted answers, learned from one undisturbed run: every answer is a prefix of the longest one.</summary>
public sealed class ScriptedText
{
    private readonly string _text,
        _reasoning;
    private readonly List<int> _ends = [0],
        _reasoningEnds = [0];

    private ScriptedText(ShownLog undisturbed)
    {
        (_text, _reasoning) = (undisturbed.Text, undisturbed.Reasoning);
        // A token ends with its only space; a thought with its only full stop and space.
        for (var i = 0; i < _text.Length; i++)
        {
            if (_text[i] == ' ')
            {
                _ends.Add(i + 1);
            }
        }

        for (var i = 1; i < _reasoning.Length; i++)
        {
            if (_reasoning[i] == ' ' && _reasoning[i - 1] == '.')
            {
                _reasoningEnds.Add(i + 1);
            }
        }
    }

    public static async Task<ScriptedText> LearnAsync(ApiClient client, int tokens, CancellationToken cancellationToken)
    {
        var shown = new ShownLog();
        using var response = await client.AskAsync(
            new ScriptedAnswer("undisturbed", tokens, 0, tokens, null).Prompt,
            null,
            cancellationToken
        );
        await ApiClient.ShowAsync(response, shown, cancellationToken);
        var learned = new ScriptedText(shown);
        if (learned._ends.Count != tokens + 1 || learned._reasoningEnds.Count != tokens + 1 || shown.Seams > 0)
        {
            throw new InvalidOperationException(
                $"The undisturbed run had {learned._ends.Count - 1} tokens and {learned._reasoningEnds.Count - 1} thoughts instead of {tokens}."
            );
        }

        return learned;
    }

    public string Text(int tokens) => _text[.._ends[tokens]];

    public string Reasoning(int thoughts) => _reasoning[.._reasoningEnds[thoughts]];
}
