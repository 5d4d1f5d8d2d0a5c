using System.Globalization;
using System.Text.RegularExpressions;

namespace Parley.Streaming.Providers.Demo;

/// <summary>The texts of <c>demo/parley</c>, selected by words in the question.</summary>
internal static partial class DemoText
{
    private const int MaxQuoteLength = 160;

    public const string CannotContinue =
        "\n\n*Parley's built-in demo cannot continue another model's answer. Choose a real model and continue with that one.*\n";

    public static string Answer(string question, int questionNumber)
    {
        if (DemoLongText.SizeAsked(question) is { } bytes)
        {
            return DemoLongText.Write(bytes);
        }

        var asked = question.ToLowerInvariant();
        if (MentionsAny(asked, "table"))
        {
            return Opening(question) + Table + Closing;
        }

        if (MentionsAny(asked, "code", "program"))
        {
            return Opening(question) + Code + Closing;
        }

        if (MentionsAny(asked, "math", "formula", "latex"))
        {
            return Opening(question) + Formula + Closing;
        }

        if (MentionsAny(asked, "configure", "setup", "set up", "provider", "api key"))
        {
            return Opening(question) + Setup;
        }

        return questionNumber > 1
            ? Opening(question)
                + "I cannot answer that, or anything else: there is no model behind me. "
                + "I can show what a streamed answer looks like: "
                + "ask me for a *table*, *code*, *math* or a *long answer*, or how to *set up* a provider.\n"
            : Opening(question) + Introduction + Table + Code + Formula + Setup;
    }

    private static bool MentionsAny(string text, params ReadOnlySpan<string> words)
    {
        foreach (var word in words)
        {
            if (text.Contains(word, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    private static string Opening(string question)
    {
        const string introduction =
            "I am Parley's built-in demo, **not a language model**. "
            + "I run inside this server, and nothing you write to me leaves it.\n\n";
        return Quote(question) is { Length: > 0 } quote ? $"{introduction}You wrote:\n\n> {quote}\n\n" : introduction;
    }

    private static string Quote(string question)
    {
        var line = Spaces().Replace(question, " ").Trim().Replace("`", "'", StringComparison.Ordinal);
        if (line.Length <= MaxQuoteLength)
        {
            return line;
        }

        var starts = StringInfo.ParseCombiningCharacters(line[..Math.Min(line.Length, MaxQuoteLength * 4)]);
        return line[..starts.LastOrDefault(start => start <= MaxQuoteLength, 0)] + "…";
    }

    [GeneratedRegex(@"[\s\p{C}]+")]
    private static partial Regex Spaces();

    private const string Introduction = """
        I received that, stored it and can repeat it, but I do not understand it. A real model will, once you connect one: see *Setting up* below.

        ## What Parley is

        Parley is a self-hosted chat system made for streaming. Its promise: **an answer, once begun, is never lost.**

        - Close this tab in the middle of my answer and open it again: the rest is there.
        - Open the same chat on a second device: both follow the same answer.
        - Press *Stop*, and what you have seen is kept. *Continue* goes on from exactly there.
        - Restart the server while I write: nothing that you have seen is lost.

        You can try each of these with me; they do not depend on the model.

        ## What streamed markdown looks like


        """;

    private const string Table = """
        A table, row by row:

        | Part of an answer | Streams as | Shown while it comes |
        |---|---|---|
        | Text | words | yes |
        | Reasoning | words, folded away | yes |
        | Tool call | arguments, then the result | yes |
        | Table | rows, like this one | yes |


        """;

    private const string Code = """
        Code, highlighted as it arrives. This follows an answer from the command line:

        ```csharp
        using var http = new HttpClient();
        await using var body = await http.GetStreamAsync(streamUrl);
        await foreach (var item in SseParser.Create(body).EnumerateAsync())
            Console.Write(item.Data);
        ```


        """;

    private const string Formula = """
        A formula. A position in an answer is its length so far, $p_n = \sum_{i=1}^{n} |t_i|$, so what two readers have joins up:

        $$
        \text{answer}[0, p) \cdot \text{answer}[p, n) = \text{answer}[0, n)
        $$


        """;

    private const string Setup = """
        ## Setting up a real model

        Set one of these environment variables and start the server again:

        | Variable | For |
        |---|---|
        | `OPENAI_API_KEY` | OpenAI |
        | `ANTHROPIC_API_KEY` | Claude |
        | `OPENAI_BASE_URL` | any server that speaks OpenAI's protocol: llama.cpp, vLLM, LM Studio; the key is optional |
        | `OLLAMA_HOST` | Ollama, for example `http://127.0.0.1:11434` |
        | `GROQ_API_KEY`, `MISTRAL_API_KEY`, `XAI_API_KEY`, `OPENROUTER_API_KEY`, `NVIDIA_API_KEY` | these services |
        | `GEMINI_API_KEY` | Gemini |

        For example:

        ```bash
        OPENAI_API_KEY=sk-… ./dev run
        ```

        Then choose the model in the list at the message box. More is in `docs/providers.md`.

        """;

    private const string Closing = "This was a prepared text. Ask me how to *set up* a provider to get real answers.\n";
}
