using System.Collections.Frozen;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Parley.Server.Compatibility.OpenAI.Requests;

/// <summary>Reads the model options of the requests of both APIs.</summary>
internal static class OpenAIRequestOptions
{
    /// <summary>The additional property, of a tool or of the options, for whether the model must adhere to the schema.</summary>
    public const string Strict = "strict";

    private const int MaxTools = 128;
    private const int MaxStops = 4;
    private const int MaxNameLength = 64;
    private static readonly JsonElement NoArguments = JsonElement.Parse("""{"type":"object","properties":{}}""");
    private static readonly FrozenDictionary<string, ReasoningEffort> Efforts = new Dictionary<string, ReasoningEffort>
    {
        ["none"] = ReasoningEffort.None,
        ["minimal"] = ReasoningEffort.Low,
        ["low"] = ReasoningEffort.Low,
        ["medium"] = ReasoningEffort.Medium,
        ["high"] = ReasoningEffort.High,
        ["xhigh"] = ReasoningEffort.ExtraHigh,
        ["max"] = ReasoningEffort.ExtraHigh,
    }.ToFrozenDictionary();

    public static void ReadSampling(OpenAIRequestReader reader, JsonElement body, ChatOptions options)
    {
        options.Temperature = (float?)reader.Number(body, "temperature", "temperature", 0, 2);
        options.TopP = (float?)reader.Number(body, "top_p", "top_p", 0, 1);
        options.FrequencyPenalty = (float?)reader.Number(body, "frequency_penalty", "frequency_penalty", -2, 2);
        options.PresencePenalty = (float?)reader.Number(body, "presence_penalty", "presence_penalty", -2, 2);
        if (OpenAIRequestReader.Find(body, "seed") is { } seed)
        {
            if (seed.ValueKind == JsonValueKind.Number && seed.TryGetInt64(out var number))
            {
                options.Seed = number;
            }
            else
            {
                reader.WrongType("seed", "a whole number");
            }
        }
    }

    public static void ReadStops(OpenAIRequestReader reader, JsonElement body, ChatOptions options)
    {
        if (OpenAIRequestReader.Find(body, "stop") is not { } stop)
        {
            return;
        }

        List<string> stops = [];
        if (stop.ValueKind == JsonValueKind.String)
        {
            stops.Add(stop.GetString()!);
        }
        else if (stop.ValueKind != JsonValueKind.Array || stop.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
        {
            reader.WrongType("stop", "a string, or an array of strings");
        }
        else
        {
            stops.AddRange(stop.EnumerateArray().Select(item => item.GetString()!));
        }

        if (stops.Count > MaxStops)
        {
            reader.Refuse($"Invalid 'stop': at most {MaxStops} sequences are allowed.", "stop", OpenAIErrorCodes.ArrayAboveMaxLength);
        }

        if (stops.Contains(""))
        {
            reader.WrongValue("stop", "non-empty sequences");
        }

        if (stops.Count > 0)
        {
            options.StopSequences = stops;
        }
    }

    public static void ReadEffort(OpenAIRequestReader reader, JsonElement parent, string name, string path, ChatOptions options)
    {
        if (reader.Text(parent, name, path) is not { } text)
        {
            return;
        }

        if (Efforts.TryGetValue(text, out var effort))
        {
            options.Reasoning = new ReasoningOptions { Effort = effort };
        }
        else
        {
            reader.WrongValue(path, "none, minimal, low, medium, high, xhigh or max");
        }
    }

    /// <param name="reader">The request.</param>
    /// <param name="format">The object that describes the format of the answer.</param>
    /// <param name="path">Its path.</param>
    /// <param name="schemaField">The field of its schema (Chat Completions); null when its fields are the schema's own (Responses).</param>
    /// <param name="options">Receives the values.</param>
    public static void ReadFormat(OpenAIRequestReader reader, JsonElement format, string path, string? schemaField, ChatOptions options)
    {
        switch (reader.RequiredText(format, "type", path + ".type"))
        {
            case "text":
                return;
            case "json_object":
                options.ResponseFormat = ChatResponseFormat.Json;
                return;
            case "json_schema":
                var at = schemaField is null ? path : $"{path}.{schemaField}";
                if ((schemaField is null ? format : reader.Object(format, schemaField, at)) is { } schema)
                {
                    ReadSchema(reader, schema, at, options);
                }
                else
                {
                    reader.Missing(at);
                }

                return;
            default:
                reader.WrongValue(path + ".type", "text, json_object or json_schema");
                return;
        }
    }

    public static Dictionary<string, string> ReadMetadata(OpenAIRequestReader reader, JsonElement body)
    {
        Dictionary<string, string> metadata = [];
        if (reader.Object(body, "metadata", "metadata") is not { } given)
        {
            return metadata;
        }

        foreach (var (name, value) in given.EnumerateObject().Select(field => (field.Name, field.Value)))
        {
            if (value.ValueKind != JsonValueKind.String)
            {
                reader.WrongType($"metadata.{name}", "a string");
            }
            else
            {
                metadata[name] = value.GetString()!;
            }
        }

        if (metadata.Count > 16)
        {
            reader.Refuse("Invalid 'metadata': at most 16 pairs are allowed.", "metadata", OpenAIErrorCodes.ObjectAboveMaxProperties);
        }

        if (metadata.Any(pair => pair.Key.Length > 64 || pair.Value.Length > 512))
        {
            reader.Refuse(
                "Invalid 'metadata': names may have at most 64 characters, and values at most 512.",
                "metadata",
                OpenAIErrorCodes.StringAboveMaxLength
            );
        }

        return metadata;
    }

    /// <summary>Reads the tools and how they may be used.</summary>
    /// <param name="reader">The request.</param>
    /// <param name="body">The request's body.</param>
    /// <param name="nestedIn">The field that contains the function of a tool or choice; null when its fields are the tool's own.</param>
    /// <param name="options">Receives the values.</param>
    /// <returns>The tools' names.</returns>
    public static HashSet<string> ReadTools(OpenAIRequestReader reader, JsonElement body, string? nestedIn, ChatOptions options)
    {
        HashSet<string> names = [];
        if (reader.Array(body, "tools", "tools") is { } tools)
        {
            List<AITool> functions = [];
            foreach (var (tool, path) in reader.Objects(tools, "tools"))
            {
                if (ReadTool(reader, tool, path, nestedIn) is not { } function)
                {
                    continue;
                }

                if (!names.Add(function.Name))
                {
                    reader.WrongValue(path, "a name that no other tool has");
                }

                functions.Add(function);
            }

            if (functions.Count > MaxTools)
            {
                reader.Refuse($"Invalid 'tools': at most {MaxTools} are allowed.", "tools", OpenAIErrorCodes.ArrayAboveMaxLength);
            }

            if (functions.Count > 0)
            {
                options.Tools = functions;
            }
        }

        options.AllowMultipleToolCalls = reader.Flag(body, "parallel_tool_calls", "parallel_tool_calls");
        options.ToolMode = ReadChoice(reader, body, nestedIn, names);
        return names;
    }

    private static DeclaredFunction? ReadTool(OpenAIRequestReader reader, JsonElement tool, string path, string? nestedIn)
    {
        if (reader.RequiredText(tool, "type", path + ".type") is var type && type != "function")
        {
            reader.Refuse(
                $"Tools of type '{type}' are not supported here; declare a function.",
                path + ".type",
                OpenAIErrorCodes.UnsupportedValue
            );
            return null;
        }

        var at = nestedIn is null ? path : $"{path}.{nestedIn}";
        if ((nestedIn is null ? tool : reader.Object(tool, nestedIn, at)) is not { } function)
        {
            reader.Missing(at);
            return null;
        }

        var name = reader.RequiredText(function, "name", at + ".name");
        if (name.Length > MaxNameLength || name.Any(letter => !char.IsAsciiLetterOrDigit(letter) && letter is not ('_' or '-')))
        {
            reader.WrongValue(at + ".name", $"up to {MaxNameLength} letters, digits, '_' and '-'");
        }

        return new DeclaredFunction(
            name,
            reader.Text(function, "description", at + ".description"),
            reader.Object(function, "parameters", at + ".parameters")?.Clone() ?? NoArguments,
            reader.Flag(function, "strict", at + ".strict")
        );
    }

    private static ChatToolMode? ReadChoice(OpenAIRequestReader reader, JsonElement body, string? nestedIn, HashSet<string> names)
    {
        if (OpenAIRequestReader.Find(body, "tool_choice") is not { } choice)
        {
            return null;
        }

        if (choice.ValueKind == JsonValueKind.Object)
        {
            return ReadFunctionChoice(reader, choice, nestedIn, names);
        }

        switch (reader.Text(body, "tool_choice", "tool_choice"))
        {
            case "auto":
                return ChatToolMode.Auto;
            case "none":
                return ChatToolMode.None;
            case "required":
                if (names.Count == 0)
                {
                    reader.Refuse(
                        "'tool_choice' may be 'required' only if 'tools' are declared.",
                        "tool_choice",
                        OpenAIErrorCodes.InvalidValue
                    );
                }

                return ChatToolMode.RequireAny;
            default:
                reader.WrongValue("tool_choice", "none, auto, required, or a function");
                return null;
        }
    }

    private static RequiredChatToolMode? ReadFunctionChoice(
        OpenAIRequestReader reader,
        JsonElement choice,
        string? nestedIn,
        HashSet<string> names
    )
    {
        if (reader.RequiredText(choice, "type", "tool_choice.type") is var type && type != "function")
        {
            reader.Refuse(
                $"A 'tool_choice' of type '{type}' is not supported here; name a function.",
                "tool_choice.type",
                OpenAIErrorCodes.UnsupportedValue
            );
            return null;
        }

        var at = nestedIn is null ? "tool_choice" : $"tool_choice.{nestedIn}";
        if ((nestedIn is null ? choice : reader.Object(choice, nestedIn, at)) is not { } function)
        {
            reader.Missing(at);
            return null;
        }

        var name = reader.RequiredText(function, "name", at + ".name");
        if (!names.Contains(name))
        {
            reader.WrongValue(at + ".name", "the name of one of the 'tools'");
        }

        return name.Length > 0 ? ChatToolMode.RequireSpecific(name) : null;
    }

    private static void ReadSchema(OpenAIRequestReader reader, JsonElement format, string path, ChatOptions options)
    {
        var name = reader.RequiredText(format, "name", path + ".name");
        var description = reader.Text(format, "description", path + ".description");
        if (reader.Object(format, "schema", path + ".schema") is not { } schema)
        {
            reader.Missing(path + ".schema");
            return;
        }

        options.ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.Clone(), name, description);
        if (reader.Flag(format, Strict, path + ".strict") is { } strict)
        {
            (options.AdditionalProperties ??= [])[Strict] = strict;
        }
    }
}
