using System.Text;
using System.Text.Json;
using Parley.Streaming.Generations;

namespace Parley.Streaming.Tests.WireFormats;

/// <summary>What a client with certain features should render of a log, computed from the log's entries alone.</summary>
internal static class ExpectedAnswer
{
    public static RenderedAnswer Of(LogSnapshot log, ClientFeatures features, Func<GenerationEnded, string?> end)
    {
        var answer = new RenderedAnswer();
        Dictionary<string, RenderedPart> calls = [];
        RenderedPart? part = null,
            joinable = null;
        PartOpened? opened = null;
        long openedAt = 0;
        foreach (var entry in log.From(0))
        {
            switch (entry.Control)
            {
                case null:
                    part!.Content += Encoding.UTF8.GetString(entry.Text);
                    break;
                case PartOpened next:
                    (opened, openedAt) = (next, entry.End - 1);
                    if (next.Continues && joinable?.Kind == Kind(next.Part))
                    {
                        part = joinable;
                        break;
                    }

                    part = new RenderedPart(Kind(next.Part), next.Part == PartKind.Tool ? $"{next.CallId} {next.Name}" : "", "");
                    joinable = next.Part is PartKind.Text or PartKind.Reasoning ? part : null;
                    answer.Parts.Add(part);
                    if (next.Part == PartKind.Tool)
                    {
                        calls[next.CallId!] = part;
                    }

                    break;
                case PartClosed:
                    if (
                        opened!.Part == PartKind.Tool
                        && features.HasFlag(ClientFeatures.RefusesBadArguments)
                        && !IsBlank(part!.Content)
                        && Parse(part.Content) is null
                    )
                    {
                        part.Outcome = RenderedPart.BadArguments;
                    }

                    if (opened.Part is PartKind.Source or PartKind.File or PartKind.Data && !TryRead(part!, opened, openedAt))
                    {
                        answer.Parts.Remove(part!);
                    }

                    break;
                case ToolReturned result:
                    joinable = null;
                    if (calls.TryGetValue(result.CallId, out var call))
                    {
                        call.Outcome ??= result.Result is { } json
                            ? "result: " + RenderedAnswer.Canonical(Parse(json)!.Value)
                            : "error: " + result.Error;
                    }

                    break;
                case GenerationEnded ended:
                    answer.End = end(ended);
                    if (!features.HasFlag(ClientFeatures.EndsCalls) || ended.FinishReason == "tool-calls")
                    {
                        break;
                    }

                    foreach (var waiting in calls.Values)
                    {
                        waiting.Outcome ??= "error: The answer ended before the tool returned.";
                    }

                    break;
            }
        }

        answer.Parts.RemoveAll(shown => shown is { Kind: "text" or "reasoning", Content: "" } || !IsShown(shown.Kind, features));
        return answer;
    }

    /// <summary>Whether text consists of JSON's white space alone.</summary>
    public static bool IsBlank(string text) => text.AsSpan().Trim(" \t\r\n").IsEmpty;

    public static JsonElement? Parse(string text)
    {
        try
        {
            return JsonDocument.Parse(text).RootElement;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool TryRead(RenderedPart part, PartOpened opened, long position)
    {
        if (Parse(part.Content) is not { } json)
        {
            return false;
        }

        if (opened.Part == PartKind.Data)
        {
            part.Content = RenderedAnswer.Canonical(json);
        }

        if (opened.Part == PartKind.Data)
        {
            return opened.Name is not null;
        }

        if (json.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        var (url, second) = (Member(json, "url"), Member(json, opened.Part == PartKind.Source ? "title" : "mediaType"));
        part.Content = opened.Part == PartKind.Source ? $"s{position} {url} {second}" : $"{url} {second}";
        return url is not null && (second is not null || opened.Part == PartKind.Source);
    }

    private static string? Member(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static string Kind(PartKind kind) => kind.ToString().ToLowerInvariant();

    private static bool IsShown(string kind, ClientFeatures features) =>
        kind switch
        {
            "reasoning" => features.HasFlag(ClientFeatures.Reasoning),
            "tool" => features.HasFlag(ClientFeatures.Tools),
            "source" => features.HasFlag(ClientFeatures.Sources),
            "file" => features.HasFlag(ClientFeatures.Files),
            "data" => features.HasFlag(ClientFeatures.Data),
            _ => true,
        };
}
