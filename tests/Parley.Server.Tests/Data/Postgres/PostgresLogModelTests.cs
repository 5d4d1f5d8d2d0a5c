namespace Parley.Server.Tests.Data.Postgres;

/// <summary>Over PostgreSQL.</summary>
public sealed class PostgresLogModelTests : LogModelTests
{
    private TestDatabase _data = null!;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _data.DisposeAsync();
    }

    private protected override async Task<IDataProcess> CreateAsync()
    {
        _data = await TestDatabase.CreateAsync();
        return PostgresProcess.Open(_data, Sizes);
    }
}
