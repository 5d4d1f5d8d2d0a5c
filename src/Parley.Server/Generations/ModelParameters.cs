using System.Text.Json;
using Microsoft.Extensions.AI;
using Parley.Server.Data;
using Parley.Server.Http.Errors;

namespace Parley.Server.Generations;

/// <summary>The model parameters that a chat client can set.</summary>
public static class ModelParameters
{
    /// <summary>
    /// Reads <c>temperature</c> (0 to 2), <c>topP</c> (0 to 1) and <c>maxTokens</c>; a null value counts as absent.
    /// <paramref name="request"/> is null when all are absent.
    /// </summary>
    public static Problem? Read(JsonElement body, out StoredRequest? request)
    {
        request = null;
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

        request = new StoredRequest(
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

    /// <summary>Restores the parameters from a stored request.</summary>
    public static ChatOptions Of(JsonElement stored) =>
        new()
        {
            Temperature = (float?)NumberOf(stored, "temperature"),
            TopP = (float?)NumberOf(stored, "topP"),
            MaxOutputTokens = (int?)NumberOf(stored, "maxTokens"),
        };

    private static double? NumberOf(JsonElement stored, string name) =>
        stored.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static Problem? Number(JsonElement body, double min, double max, out double? number, params ReadOnlySpan<string> names)
    {
        number = null;
        foreach (var name in names)
        {
            if (!body.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var found) && found >= min && found <= max)
            {
                number = found;
                return null;
            }

            return Problems.Invalid(
                name,
                ErrorCodes.OutOfRange,
                string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name} must be a number from {min} to {max}.")
            );
        }

        return null;
    }
}
