using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Parley.Streaming.Generations;

namespace Parley.Server.Tests.Hosting;

/// <summary>Every setting that the server reads is documented, and every documented setting is read.</summary>
public sealed partial class SettingsTests
{
    [Fact]
    public async Task Settings_OfTheServer_AreThoseOfTheDocumentation()
    {
        await using var server = await ParleyServer.StartAsync();
        var reads = new RecordedReads();
        ((IConfigurationBuilder)server.Services.GetRequiredService<IConfiguration>()).Add(reads);
        reads.Clear(); // of what the framework reads again when a source is added
        foreach (var type in OptionsTypes())
        {
            _ = CreateMethod.MakeGenericMethod(type).Invoke(null, [server.Services]);
        }

        var read = reads.Keys.Where(key => key.Contains(':', StringComparison.Ordinal) && !IsProvider(key));
        List<string> wrong =
        [
            .. read.Except(Documented()).Select(name => $"docs/operations.md does not describe {name}."),
            .. Documented().Except(read).Select(name => $"docs/operations.md describes {name}, which no options class has."),
        ];
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    /// <summary>The settings of <c>operations.md</c> that have a section of their own; others are the framework's.</summary>
    private static IEnumerable<string> Documented() =>
        File.ReadLines(Path.Combine(AppContext.BaseDirectory, "docs", "operations.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .SelectMany(line => Setting().Matches(line.Split('|')[1]))
            .Select(match => match.Groups[1].Value)
            .Where(name => !name.StartsWith("Logging:", StringComparison.Ordinal));

    /// <summary><c>ProviderCompletenessTests</c> compares the settings of providers with their page.</summary>
    private static bool IsProvider(string key) =>
        key.StartsWith("Providers:", StringComparison.Ordinal) || key.StartsWith("Models:", StringComparison.Ordinal);

    private static IEnumerable<Type> OptionsTypes() =>
        new[] { typeof(Program).Assembly, typeof(GenerationOptions).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && type is { IsClass: true, IsAbstract: false })
            .Where(type => type.GetConstructor(Type.EmptyTypes) is not null);

    private static readonly System.Reflection.MethodInfo CreateMethod = typeof(SettingsTests).GetMethod(
        nameof(Create),
        System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Static
    )!;

    /// <summary>Reads the options again. Types that are not bound to the configuration read nothing.</summary>
    private static T Create<T>(IServiceProvider services)
        where T : class => services.GetRequiredService<IOptionsFactory<T>>().Create(Options.DefaultName);

    [GeneratedRegex("`([A-Z][A-Za-z]+:[A-Za-z:]+)`")]
    private static partial Regex Setting();

    /// <summary>A source without values that records which ones it is asked for.</summary>
    private sealed class RecordedReads : IConfigurationSource, IConfigurationProvider
    {
        private readonly ConcurrentDictionary<string, bool> _keys = new();

        public IEnumerable<string> Keys => _keys.Keys.Where(key => !key.EndsWith(":_", StringComparison.Ordinal));

        public void Clear() => _keys.Clear();

        public IConfigurationProvider Build(IConfigurationBuilder builder) => this;

        public bool TryGet(string key, out string? value)
        {
            _keys[key] = true;
            value = null;
            return false;
        }

        /// <summary>A section without children is not read any further, so each of the sections has one.</summary>
        public IEnumerable<string> GetChildKeys(IEnumerable<string> earlierKeys, string? parentPath)
        {
            if (parentPath is null || IsProvider(parentPath + ":"))
            {
                return earlierKeys;
            }

            _keys[parentPath] = true;
            return parentPath.Contains(':', StringComparison.Ordinal) ? earlierKeys : earlierKeys.Append("_");
        }

        public IChangeToken GetReloadToken() => new CancellationChangeToken(CancellationToken.None);

        public void Load() { }

        public void Set(string key, string? value) { }
    }
}
