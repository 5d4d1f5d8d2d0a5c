using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Server.Data;
using Parley.Server.Http.Errors;

namespace Parley.Server.Generations;

/// <summary>The parameters that a chat client may set for an answer.</summary>
public static class ModelParameters
{
    /// <summary>Reads <c>temperature</c> (0 to 2), <c>topP</c> (0 to 1) and <c>maxTokens</c>; null values count as absent. <paramref name="asked"/> is null when there are none.</summary>
    public static Problem? Read(JsonElement body, out StoredRequest? asked)
    {
        asked = null;
        if (Number(body, 0, 2, out var temperature, "temperature") is { } badTemperature)
        {
            return badTemperature;
        }

        if (Number(body, 0, 1, out var topP, "topP", "top_p") is { } badTopP)
        {
            return badTopP;
        }

        if (Number(body, 1, 10_000_000, out var limit, "maxTokens", "max_tokens", "maxOutputTokens") is { } badLimit)
        {
            return badLimit;
        }

        if (limit is { } tokens && tokens != Math.Floor(tokens))
        {
            return Problems.Invalid("maxTokens", ErrorCodes.OutOfRange, "maxTokens must be a whole number.");
        }

        if (temperature is null && topP is null && limit is null)
        {
            return null;
        }

        asked = new StoredRequest(
            StoredRequest.Options,
            JsonSerializer.SerializeToElement(
                new
                {
                    temperature,
                    topP,
                    maxTokens = limit,
                }
            )
        );
        return null;
    }

    /// <summary>The same parameters, as stored.</summary>
    public static ChatOptions Of(JsonElement kept) =>
        new()
        {
            Temperature = (float?)Kept(kept, "temperature"),
            TopP = (float?)Kept(kept, "topP"),
            MaxOutputTokens = (int?)Kept(kept, "maxTokens"),
        };

    private static double? Kept(JsonElement kept, string name) =>
        kept.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static Problem? Number(JsonElement body, double least, double most, out double? number, params ReadOnlySpan<string> names)
    {
        number = null;
        foreach (var name in names)
        {
            if (!body.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var found) && found >= least && found <= most)
            {
                number = found;
                return null;
            }

            return Problems.Invalid(
                name,
                ErrorCodes.OutOfRange,
                string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name} must be a number from {least} to {most}.")
            );
        }

        return null;
    }
}
