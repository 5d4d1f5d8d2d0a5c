using System.Globalization;

namespace Parley.Bench;

/// <summary>The options of a command: <c>--name value</c> or <c>--flag</c>. Unknown options are errors.</summary>
internal sealed class CommandLine
{
    private readonly Dictionary<string, List<string>> _values = [];
    private readonly HashSet<string> _known = [];

    public CommandLine(string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                throw new ArgumentException($"\"{args[i]}\" is not an option.");
            }

            var hasValue = i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal);
            var name = args[i];
            if (!_values.TryGetValue(name, out var values))
            {
                _values[name] = values = [];
            }

            values.Add(hasValue ? args[++i] : "");
        }
    }

    public string? Text(string name) => All(name) is [.., var last] ? last : null;

    public string Required(string name) => Text(name) ?? throw new ArgumentException($"{name} is required.");

    public int Number(string name, int defaultValue) =>
        Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : defaultValue;

    public bool Flag(string name) => All(name).Count > 0;

    /// <summary>Every value of an option that may be repeated.</summary>
    public IReadOnlyList<string> All(string name)
    {
        _known.Add(name);
        return _values.GetValueOrDefault(name) ?? [];
    }

    /// <summary>The values of an option that takes a list: <c>--pid 1,2 --pid 3</c>.</summary>
    public string[] List(string name) =>
        [.. All(name).SelectMany(text => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))];

    /// <summary>Throws if an option was given that no call has asked for.</summary>
    public void RejectUnknown()
    {
        if (_values.Keys.FirstOrDefault(name => !_known.Contains(name)) is { } unknown)
        {
            throw new ArgumentException($"Unknown option {unknown}.");
        }
    }
}
