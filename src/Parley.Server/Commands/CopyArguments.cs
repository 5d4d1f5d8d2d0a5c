using Parley.Server.Data;
using Parley.Server.Data.Copy;

namespace Parley.Server.Commands;

/// <summary>The arguments of <c>parley database copy</c>, with what the configuration says where they are missing.</summary>
/// <param name="From">The data folder.</param>
/// <param name="To">The PostgreSQL database.</param>
internal sealed record CopyArguments(string From, DatabaseOptions To)
{
    /// <summary>
    /// Reads <c>--to URL</c>, <c>--to=URL</c>, <c>--from FOLDER</c> and <c>--from=FOLDER</c>. Null when they are invalid.
    /// </summary>
    public static CopyArguments? Read(string[] arguments, IConfiguration configuration, out string error)
    {
        var options = new DatabaseOptions();
        configuration.GetSection("Database").Bind(options);
        var setting = options.ConnectionString;
        var isPostgres = DatabaseCopy.IsTarget(setting);
        if (!TryRead(arguments, out var from, out var to, out error))
        {
            return null;
        }

        options.ConnectionString = to ?? (isPostgres ? setting : null);
        if (options.ConnectionString is null)
        {
            error = "The PostgreSQL database to copy into is missing. Set --to or DATABASE_URL.";
            return null;
        }

        if (!DatabaseCopy.IsTarget(options.ConnectionString))
        {
            error = "--to is not the URL of a PostgreSQL database.";
            return null;
        }

        return new CopyArguments(from ?? (isPostgres || string.IsNullOrEmpty(setting) ? options.Folder : setting), options);
    }

    private static bool TryRead(string[] arguments, out string? from, out string? to, out string error)
    {
        (from, to, error) = (null, null, "");
        for (var i = 0; i < arguments.Length; i++)
        {
            var cut = arguments[i].IndexOf('=', StringComparison.Ordinal);
            var name = cut < 0 ? arguments[i] : arguments[i][..cut];
            if (name is not ("--from" or "--to"))
            {
                error = "'parley database copy' has an unknown argument. It takes --to and --from alone.";
                return false;
            }

            var value =
                cut >= 0 ? arguments[i][(cut + 1)..]
                : i + 1 < arguments.Length ? arguments[++i]
                : "";
            if (value is "" or ['-', '-', ..])
            {
                error = $"{name} has no value.";
                return false;
            }

            ref var target = ref name == "--from" ? ref from : ref to;
            if (target is not null)
            {
                error = $"{name} is there twice.";
                return false;
            }

            target = value;
        }

        return true;
    }
}
