using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Parley.Server.Http.Json;

/// <summary>A JSON object that was parsed, and not bound to a type yet.</summary>
public sealed class RawBody(ReadOnlyMemory<byte> bytes, JsonElement root)
{
    /// <summary>The object.</summary>
    public JsonElement Root => root;

    /// <summary>Binds it strictly, like <see cref="StrictJson.ReadAsync{T}"/>.</summary>
    public Body<T> As<T>()
        where T : class =>
        bytes.Length > StrictJson.MaxBytes ? new(StrictJson.TooLarge(StrictJson.MaxBytes)) : StrictJson.Parse<T>(bytes.Span);

    /// <summary>Binds the members that <typeparamref name="T"/> has, and ignores all others.</summary>
    public Body<T> AsTolerant<T>()
        where T : class => StrictJson.Bind<T>(root);

    /// <summary>The value of a member; null unless it is a string.</summary>
    public string? Text(string name) => Text(root, name);

    /// <summary>The value of a member of <paramref name="element"/>; null unless it is a string.</summary>
    public static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>Whether the member is present and not null.</summary>
    public bool Has(string name) => root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
}

/// <summary>A body, or the error with which it is refused.</summary>
public readonly struct Body<T>
    where T : class
{
    public Body(T value) => Value = value;

    public Body(IResult refusal) => Refusal = refusal;

    public T? Value { get; }

    public IResult? Refusal { get; }

    public bool IsBad([NotNullWhen(true)] out IResult? problem, [NotNullWhen(false)] out T? value)
    {
        (problem, value) = (Refusal, Value);
        return problem is not null;
    }
}
