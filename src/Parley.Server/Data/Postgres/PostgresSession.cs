using System.Data.Common;
using Npgsql;
using NpgsqlTypes;
using Parley.Server.Data.Sql;

namespace Parley.Server.Data.Postgres;

/// <summary>
/// A session on a PostgreSQL connection. In a transaction, statements without a result are sent together with the next statement that has
/// one, or with the commit: a transaction takes one round trip for each query, and one for the commit.
/// </summary>
/// <remarks>
/// Outside a transaction it only reads: a statement whose connection was lost is sent again on another one. In a transaction it throws
/// Npgsql's exceptions, which its caller classifies.
/// </remarks>
internal sealed class PostgresSession(NpgsqlDataSource source, NpgsqlConnection connection, Owner? owner, bool isTransaction)
    : SqlSession(owner)
{
    private const int MaxReads = 4;

    private NpgsqlBatch? _batch;
    private bool _begun,
        _failed;
    private int _unread;

    /// <summary>The commit was sent. If its reply is lost, its outcome is not known.</summary>
    public bool IsCommitting { get; private set; }

    public override async ValueTask DisposeAsync()
    {
        _batch?.Dispose();
        await connection.DisposeAsync();
    }

    public override ValueTask<int> RunAsync(string sql, params ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        var command = Add(sql, parameters);
        return RunAddedAsync(command);
    }

    public override ValueTask AddAsync(string sql, params ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        var command = Add(sql, parameters);
        if (PostgresStatement.Of(sql).HasRows)
        {
            _unread++;
        }

        return isTransaction ? ValueTask.CompletedTask : Run(RunAddedAsync(command));

        static async ValueTask Run(ValueTask<int> running) => await running;
    }

    public override ValueTask<List<T>> QueryAsync<T>(
        string sql,
        Func<DbDataReader, T> read,
        params ReadOnlySpan<(string Name, SqlValue Value)> parameters
    )
    {
        Add(sql, parameters);
        return ReadAddedAsync(read);
    }

    /// <summary>
    /// Takes an advisory lock until the end of the transaction, which also works through PgBouncer. Names with the same hash share a lock,
    /// which only costs time.
    /// </summary>
    public override ValueTask LockAsync(string name) =>
        AddAsync("SELECT pg_advisory_xact_lock(hashtextextended(@name, 0))", ("@name", name));

    /// <summary>
    /// Adds a PostgreSQL statement with positional parameters. The number of rows is known after it was sent.
    /// </summary>
    public NpgsqlBatchCommand Add(string sql, params ReadOnlySpan<NpgsqlParameter> parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        Batch().BatchCommands.Add(command);
        return command;
    }

    /// <summary>Sends the added statements, and reads the rows of the last one.</summary>
    public async ValueTask<List<T>> ReadAddedAsync<T>(Func<DbDataReader, T> read)
    {
        using var batch = TakeBatch();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var reader = await batch.ExecuteReaderAsync();

                for (; _unread > 0; _unread--)
                {
                    await reader.NextResultAsync();
                }

                List<T> rows = [];
                while (await reader.ReadAsync())
                {
                    rows.Add(read(reader));
                }

                return rows;
            }
            catch (Exception exception) when (CanRepeat(exception, attempt))
            {
                await ReopenAsync();
            }
            catch (Exception exception) when (Fail(exception) is { } failure)
            {
                throw failure;
            }
        }
    }

    /// <summary>Sends the added statements.</summary>
    public async ValueTask SendAsync()
    {
        if (_batch is null)
        {
            return;
        }

        using var batch = TakeBatch();
        _unread = 0;
        try
        {
            await batch.ExecuteNonQueryAsync();
        }
        catch (Exception exception) when (Fail(exception) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>Sends the added statements and commits.</summary>
    public async ValueTask CommitAsync()
    {
        if (_failed)
        {
            throw new InvalidOperationException("A statement of this transaction failed; it cannot be committed.");
        }

        if (_begun || _batch is not null)
        {
            Add("COMMIT");
            IsCommitting = true;
            await SendAsync();
            (IsCommitting, _begun) = (false, false);
        }
    }

    /// <summary>Rolls back. It doesn't throw: when the connection is lost, the database rolls back by itself.</summary>
    public async ValueTask RollbackAsync()
    {
        _batch?.Dispose();
        _batch = null;
        if (!_begun || connection.FullState != System.Data.ConnectionState.Open)
        {
            return;
        }

        try
        {
            await using var command = new NpgsqlCommand("ROLLBACK", connection);
            await command.ExecuteNonQueryAsync();
            (_begun, _failed) = (false, false);
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException or IOException)
        {
            // The connection was lost in the meantime.
        }
    }

    private async ValueTask<int> RunAddedAsync(NpgsqlBatchCommand command)
    {
        await SendAsync();
        return (int)command.Rows;
    }

    private NpgsqlBatchCommand Add(string sql, ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        var statement = PostgresStatement.Of(sql);
        var command = new NpgsqlBatchCommand(statement.Text);
        foreach (var name in statement.Names)
        {
            command.Parameters.Add(Parameter(Find(name, parameters)));
        }

        Batch().BatchCommands.Add(command);
        return command;
    }

    private SqlValue Find(string name, ReadOnlySpan<(string Name, SqlValue Value)> parameters)
    {
        foreach (var parameter in parameters)
        {
            if (parameter.Name == name)
            {
                return parameter.Value;
            }
        }

        return (name, Owner) switch
        {
            ("@tenant", { } of) => of.TenantId,
            ("@owner", { } of) => of.UserId,
            _ => throw new ArgumentException($"The statement has no value for {name}.", nameof(parameters)),
        };
    }

    private static NpgsqlParameter Parameter(SqlValue value) =>
        new()
        {
            NpgsqlDbType = value.Type switch
            {
                SqlType.Text => NpgsqlDbType.Text,
                SqlType.Number => NpgsqlDbType.Bigint,
                SqlType.Boolean => NpgsqlDbType.Boolean,
                _ => NpgsqlDbType.Bytea,
            },
            Value = value.Value switch
            {
                null => DBNull.Value,
                string text => PostgresText.Storable(text),
                var other => other,
            },
        };

    private NpgsqlBatch Batch()
    {
        if (_batch is null)
        {
            _batch = new NpgsqlBatch(connection);
            if (isTransaction && !_begun)
            {
                _begun = true;
                _batch.BatchCommands.Add(new NpgsqlBatchCommand("BEGIN ISOLATION LEVEL READ COMMITTED"));
            }
        }

        return _batch;
    }

    private NpgsqlBatch TakeBatch()
    {
        var batch = _batch ?? throw new InvalidOperationException("There is nothing to send.");
        _batch = null;
        return batch;
    }

    private bool CanRepeat(Exception exception, int attempt) =>
        !isTransaction && attempt < MaxReads && PostgresErrors.IsLostConnection(exception);

    private Exception? Fail(Exception exception)
    {
        _failed = true;
        return isTransaction ? null : PostgresErrors.Translate(exception);
    }

    private async ValueTask ReopenAsync()
    {
        try
        {
            await connection.CloseAsync();
            source.Clear();
            await connection.OpenAsync();
        }
        catch (Exception exception) when (Fail(exception) is { } failure)
        {
            throw failure;
        }
    }
}
