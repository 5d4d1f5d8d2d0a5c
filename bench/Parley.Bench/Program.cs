using Parley.Bench;

try
{
    var options = args.Length > 0 ? args[1..] : [];
    return await (
        args.FirstOrDefault() switch
        {
            "provider" => ProviderCommand.RunAsync(new(options)),
            "pipe" => PipeCommand.RunAsync(new(options)),
            "load" => LoadCommand.RunAsync(new(options)),
            "open" => OpenCommand.RunAsync(new(options)),
            "coldstart" => ColdStartCommand.RunAsync(new(options)),
            "run" => RunCommand.RunAsync(new(options)),
            _ => throw new ArgumentException(Help),
        }
    );
}
catch (Exception exception) when (exception is ArgumentException or FormatException)
{
    Console.Error.WriteLine(exception.Message);
    return 64;
}
catch (Exception exception)
    when (exception
            is InvalidOperationException
                or PlatformNotSupportedException
                or InvalidDataException
                or HttpRequestException
                or MissingProgramException
    )
{
    Console.Error.WriteLine(exception.Message);
    return 3;
}

internal static partial class Program
{
    private const string Help = """
        provider --port P [--models a,b] [--tick-us 1000]   mock model provider (OpenAI chat completions)
        pipe --port P --upstream URL/v1                     .NET byte pipe, the baseline
        load --url U [--body JSON] --streams N …            load generator, prints one line of JSON
        open --url U [--messages 10000]                     opens and pages a long conversation
        coldstart --server FOLDER                           cold start and memory at rest
        run --server FOLDER [--rows …] [--database …]       all benchmarks, as a report
        See bench/README.md.
        """;
}
