using Npgsql;
using Parley.Server.Data;
using Parley.Server.Data.Postgres;

namespace Parley.Server.Tests.Data.Postgres;

public sealed class PostgresConnectionStringTests
{
    [Theory]
    [InlineData("postgres://ana:pw@db.example.org:6543/chat", "db.example.org", 6543, "chat", "ana", "pw")]
    [InlineData("postgresql://ana:p%40ss%3Aw%2Ford@db/chat%20x", "db", 5432, "chat x", "ana", "p@ss:w/ord")]
    [InlineData("POSTGRES://db", "db", 5432, null, null, null)]
    [InlineData("postgres://ana@[::1]:1/x", "::1", 1, "x", "ana", null)]
    [InlineData("postgres://a:1,b:2/x", "a:1,b:2", 5432, "x", null, null)]
    [InlineData("postgres:///x?host=/run/postgresql", "/run/postgresql", 5432, "x", null, null)]
    [InlineData("Host=db;Port=1;Database=x;Username=ana;Password=a=b", "db", 1, "x", "ana", "a=b")]
    public void Setting_InEitherForm_IsUnderstood(string setting, string host, int port, string? database, string? user, string? password)
    {
        Assert.True(PostgresConnectionString.IsPostgres(setting));
        var parsed = Parse(setting, out var settings);
        Assert.Equal((host, port, database, user, password), (parsed.Host, parsed.Port, parsed.Database, parsed.Username, parsed.Password));
        Assert.False(settings.PgBouncer);
        Assert.Equal((200, true, true), (parsed.MaxAutoPrepare, parsed.NoResetOnClose, parsed.Pooling));
    }

    [Theory]
    [InlineData("disable", SslMode.Disable)]
    [InlineData("require", SslMode.Require)]
    [InlineData("verify-full", SslMode.VerifyFull)]
    public void SslMode_OfAUrl_IsTakenOver(string value, SslMode mode) =>
        Assert.Equal(mode, Parse($"postgres://db/x?sslmode={value}&application_name=mine", out _).SslMode);

    [Theory]
    [InlineData("postgres://db/x?pgbouncer=true", null, true)]
    [InlineData("Host=db;No Reset On Close=true;Max Auto Prepare=0", null, true)]
    [InlineData("Host=db;Max Auto Prepare=0", null, false)]
    [InlineData("Host=db;No Reset On Close=true", null, true)]
    [InlineData("Host=db;No Reset On Close=true;Max Auto Prepare=20", null, false)]
    [InlineData("Host=db", true, true)]
    [InlineData("postgres://db/x?pgbouncer=true", false, false)]
    public void PgBouncer_SaidOrRecognised_PreparesNothing(string setting, bool? said, bool expected)
    {
        var settings = PostgresConnectionString.Parse(new DatabaseOptions { ConnectionString = setting, PgBouncer = said });
        var parsed = new NpgsqlConnectionStringBuilder(settings.ConnectionString);
        Assert.Equal((expected, expected ? 0 : 200), (settings.PgBouncer, parsed.MaxAutoPrepare));

        // PgBouncer refuses a connection with options.
        Assert.Equal(expected, parsed.Options is null);
    }

    [Theory]
    [InlineData("mysql://db/x", "scheme")]
    [InlineData("postgres:///x", "names no host")]
    [InlineData("Database=x;Username=y", "names no host")]
    [InlineData("postgres://db:port/x", "port")]
    [InlineData("postgres://db:70000/x", "port")]
    [InlineData("postgres://db/x?sslmode=maybe", "verify-full")]
    [InlineData("postgres://db/x?pool_size=3", "pgbouncer")]
    [InlineData("Host=db;Colour=red", "does not know")]
    [InlineData("Host=db;Port=abc", "invalid value")]
    public void Setting_ThatIsInvalid_SaysWhatToWriteAndNoSecret(string setting, string hint)
    {
        Assert.True(PostgresConnectionString.IsPostgres(setting));
        var secret = setting.Contains("://", StringComparison.Ordinal)
            ? setting.Replace("://", "://ana:s3cret@", StringComparison.Ordinal)
            : setting + ";Password=s3cret";
        var failure = Assert.Throws<FormatException>(() => Parse(secret, out _));
        Assert.Contains(hint, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", failure.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("data")]
    [InlineData("/srv/parley")]
    [InlineData("./a=b")]
    [InlineData(@"C:\parley\data")]
    public void Setting_ThatIsAPath_IsNotPostgres(string? setting) => Assert.False(PostgresConnectionString.IsPostgres(setting));

    private static NpgsqlConnectionStringBuilder Parse(string setting, out PostgresSettings settings)
    {
        settings = PostgresConnectionString.Parse(new DatabaseOptions { ConnectionString = setting });
        return new NpgsqlConnectionStringBuilder(settings.ConnectionString);
    }
}
