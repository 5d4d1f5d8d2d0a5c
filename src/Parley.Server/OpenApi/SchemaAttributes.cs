namespace Parley.Server.OpenApi;

// What the API document says of a member, besides its description. These attributes check nothing: where a body is read, the code enforces
// the same rules, and a test holds the two together.

/// <summary>The member is required and not null. Members of requests are optional otherwise.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SchemaRequiredAttribute : Attribute;

/// <summary>The smallest and the largest value of a number.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SchemaRangeAttribute(long minimum, long maximum) : Attribute
{
    public long Minimum => minimum;

    public long Maximum => maximum;
}

/// <summary>The values that a string may have.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SchemaValuesAttribute(params string[] values) : Attribute
{
    public IReadOnlyList<string> Values => values;
}

/// <summary>The type that describes a JSON value which the code reads by hand.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SchemaTypeAttribute(Type type) : Attribute
{
    public Type Type => type;
}
