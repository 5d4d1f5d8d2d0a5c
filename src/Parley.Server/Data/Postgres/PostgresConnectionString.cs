using System.Globalization;
using Npgsql;

namespace Parley.Server.Data.Postgres;

/// <summary>Parses <see cref="DatabaseOptions.ConnectionString"/>. Messages never contain it, since it contains a password.</summary>
internal static class PostgresConnectionString
{
    private const string Forms =
        "Write postgres://user:password@host:5432/database, or Host=…;Database=…;Username=…;Password=…, or the path of a folder for SQLite.";

    private static readonly string[] Schemes = ["postgres://", "postgresql://"];

    /// <summary>
    /// Whether the setting selects PostgreSQL. A URL with an unknown scheme does too, so that it is refused instead of used as a path.
    /// </summary>
    public static bool IsPostgres(string? setting) =>
        setting is not (null or "" or ['/' or '.', ..])
        && (setting.Contains("://", StringComparison.Ordinal) || setting.Contains('=', StringComparison.Ordinal));

    /// <summary>Parses the setting.</summary>
    /// <exception cref="FormatException">The setting is invalid; the message says what to write.</exception>
    public static PostgresSettings Parse(DatabaseOptions options)
    {
        var setting = options.ConnectionString ?? "";
        var builder = Scheme(setting) is { } scheme
            ? ParseUrl(setting[scheme.Length..], out var pgBouncer)
            : ParseKeys(setting, out pgBouncer);
        if (string.IsNullOrEmpty(builder.Host))
        {
            throw new FormatException($"Database:ConnectionString (DATABASE_URL) names no host. {Forms}");
        }

        var isPgBouncer = options.PgBouncer ?? pgBouncer;
        Complete(builder, options, isPgBouncer);
        return new PostgresSettings(builder.ConnectionString, isPgBouncer, $"{builder.Host}:{builder.Port}/{builder.Database}");
    }

    private static string? Scheme(string setting) =>
        Array.Find(Schemes, scheme => setting.StartsWith(scheme, StringComparison.OrdinalIgnoreCase));

    private static NpgsqlConnectionStringBuilder ParseKeys(string setting, out bool pgBouncer)
    {
        if (setting.Contains("://", StringComparison.Ordinal) && !setting.Contains('=', StringComparison.Ordinal))
        {
            throw new FormatException($"Database:ConnectionString (DATABASE_URL) has an unknown scheme. {Forms}");
        }

        try
        {
            var builder = new NpgsqlConnectionStringBuilder(setting);
            pgBouncer = builder.NoResetOnClose && builder.MaxAutoPrepare == 0;
            return builder;
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException or InvalidCastException or OverflowException)
        {
            throw new FormatException(
                $"Database:ConnectionString (DATABASE_URL) has a setting that Npgsql does not know, or an invalid value. {Forms}"
            );
        }
    }

    /// <summary><c>user:password@host:port,host:port/database?name=value</c>, everything percent-encoded.</summary>
    private static NpgsqlConnectionStringBuilder ParseUrl(string rest, out bool pgBouncer)
    {
        pgBouncer = false;
        var builder = new NpgsqlConnectionStringBuilder();
        var (address, query) = Cut(rest, '?');
        var (authority, database) = Cut(address, '/');
        if (authority.LastIndexOf('@') is var at and >= 0)
        {
            var (user, password) = Cut(authority[..at], ':');
            builder.Username = Decode(user, "user name");
            builder.Password = password.Length > 0 ? Decode(password, "password") : null;
            authority = authority[(at + 1)..];
        }

        if (authority.Length > 0)
        {
            SetHosts(builder, authority);
        }

        if (database.Length > 0)
        {
            builder.Database = Decode(database, "database");
        }

        foreach (var pair in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = Cut(pair, '=');
            value = Decode(value, name);
            if (name == "pgbouncer")
            {
                pgBouncer = value is "true" or "1";
            }
            else
            {
                Set(builder, name, value);
            }
        }

        return builder;
    }

    private static void SetHosts(NpgsqlConnectionStringBuilder builder, string authority)
    {
        var hosts = authority.Split(',');
        if (hosts.Length > 1)
        {
            // Npgsql parses the ports of several hosts itself.
            builder.Host = authority;
            return;
        }

        var host = hosts[0];
        var port = host.LastIndexOf(':');
        if (port > host.LastIndexOf(']'))
        {
            if (
                !int.TryParse(host[(port + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                || number is < 1 or > 65535
            )
            {
                throw new FormatException($"The port in Database:ConnectionString (DATABASE_URL) is not a number from 1 to 65535. {Forms}");
            }

            builder.Port = number;
            host = host[..port];
        }

        builder.Host = Decode(host.Trim('[', ']'), "host");
    }

    private static void Set(NpgsqlConnectionStringBuilder builder, string name, string value)
    {
        switch (name)
        {
            case "sslmode":
                builder.SslMode = value switch
                {
                    "disable" => SslMode.Disable,
                    "allow" => SslMode.Allow,
                    "prefer" => SslMode.Prefer,
                    "require" => SslMode.Require,
                    "verify-ca" => SslMode.VerifyCA,
                    "verify-full" => SslMode.VerifyFull,
                    _ => throw new FormatException(
                        "sslmode in Database:ConnectionString (DATABASE_URL) is one of disable, allow, prefer, require, verify-ca, verify-full."
                    ),
                };
                break;
            case "sslrootcert":
                builder.RootCertificate = value;
                break;
            case "sslcert":
                builder.SslCertificate = value;
                break;
            case "sslkey":
                builder.SslKey = value;
                break;
            case "application_name":
                builder.ApplicationName = value;
                break;
            case "target_session_attrs":
                builder.TargetSessionAttributes = value;
                break;
            case "options":
                builder.Options = value;
                break;
            case "host":
                builder.Host = value;
                break;
            default:
                throw new FormatException(
                    "Database:ConnectionString (DATABASE_URL) has a parameter that is not known after '?'. Known: sslmode, sslrootcert, sslcert, sslkey, application_name, "
                        + "target_session_attrs, options, host, pgbouncer. Pool and timeouts are settings of the section Database."
                );
        }
    }

    /// <summary>
    /// Settings that Parley fixes. Sessions change no state of a connection, so it is not reset when it returns to the pool.
    /// </summary>
    private static void Complete(NpgsqlConnectionStringBuilder builder, DatabaseOptions options, bool pgBouncer)
    {
        builder.Pooling = true;
        builder.Enlist = false;
        builder.NoResetOnClose = true;
        builder.MaxAutoPrepare = pgBouncer ? 0 : 200;
        builder.AutoPrepareMinUsages = 2;
        builder.MaxPoolSize = options.MaxConnections;
        builder.Timeout = (int)Math.Ceiling(options.ConnectTimeout.TotalSeconds);
        builder.CommandTimeout = (int)Math.Ceiling(options.CommandTimeout.TotalSeconds);
        builder.TcpKeepAlive = true;
        builder.TcpKeepAliveTime = 5;
        builder.TcpKeepAliveInterval = 1;
        builder.ApplicationName ??= "parley";
        builder.IncludeErrorDetail = false;
        builder.PersistSecurityInfo = false;
        if (builder.Host?.Contains(',', StringComparison.Ordinal) is true)
        {
            builder.TargetSessionAttributes ??= "primary";
        }

        if (!pgBouncer)
        {
            // A process that hangs inside a transaction must not hold its locks for long.
            builder.Options ??= "-c idle_in_transaction_session_timeout=20000";
        }
    }

    private static string Decode(string text, string what)
    {
        var decoded = Uri.UnescapeDataString(text);
        return decoded.Contains('\0', StringComparison.Ordinal)
            ? throw new FormatException($"The {what} in Database:ConnectionString (DATABASE_URL) has a character that cannot be used.")
            : decoded;
    }

    private static (string Before, string After) Cut(string text, char separator) =>
        text.IndexOf(separator, StringComparison.Ordinal) is var at and >= 0 ? (text[..at], text[(at + 1)..]) : (text, "");
}

/// <summary>A PostgreSQL database and how to reach it.</summary>
/// <param name="ConnectionString">Npgsql's connection string, with secrets.</param>
/// <param name="PgBouncer">The connection goes through a pooler in transaction mode: statements are not prepared.</param>
/// <param name="Address">Host, port and database, for logs.</param>
internal sealed record PostgresSettings(string ConnectionString, bool PgBouncer, string Address)
{
    /// <summary>The address, without secrets.</summary>
    public override string ToString() => Address;
}
