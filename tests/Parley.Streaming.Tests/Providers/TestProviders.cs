using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Parley.Streaming.Routing;

namespace Parley.Streaming.Tests.Providers;

/// <summary>Registers providers as the host does, configured by lines such as <c>Providers:x:BaseUrl=http://…</c>.</summary>
public static class TestProviders
{
    /// <summary>The services of a host. Disposing them disposes the providers.</summary>
    public static ServiceProvider Services(
        IEnumerable<string> settings,
        TimeProvider? time = null,
        Action<IServiceCollection>? addFamilies = null,
        ILogger? log = null
    )
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(
                settings.Select(line => line.Split('=', 2)).Select(pair => KeyValuePair.Create(pair[0], (string?)pair[1]))
            )
            .Build();
        var services = new ServiceCollection();
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddSingleton<ILoggerFactory>(new Loggers(log ?? NullLogger.Instance));
        services.AddSingleton(typeof(ILogger<>), typeof(Logger<>));
        services.AddProviders(configuration);
        addFamilies?.Invoke(services);
        return services.BuildServiceProvider();
    }

    /// <summary>The router of a host.</summary>
    public static ModelRouter Router(this ServiceProvider services) => services.GetRequiredService<ModelRouter>();

    private sealed class Loggers(ILogger log) : ILoggerFactory
    {
        public ILogger CreateLogger(string categoryName) => log;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose() { }
    }
}

/// <summary>Keeps every line of the log.</summary>
public sealed class ListLog : ILogger
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    )
    {
        lock (_lines)
        {
            _lines.Add(formatter(state, exception) + exception);
        }
    }
}
