import type { Tokens } from "marked";
import { memo, type ReactNode } from "react";
import { strings } from "../strings";
import { inline } from "./Inline";

/** A wide table scrolls inside its own box, also with the keyboard. */
export function TableView({ table, settled }: { table: Tokens.Table; settled: boolean }): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex lint/a11y/useSemanticElements: scrollable areas must be reachable by keyboard; a landmark for each table would be too many
    <div className="table" role="group" aria-label={strings.table} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {table.header.map((cell, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns are only appended
              <th key={index} scope="col" align={cell.align ?? undefined}>
                {inline(cell.tokens)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows are only appended
            <Row key={index} row={row} settled={settled} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

const Row = memo(
  function Row({ row }: { row: Tokens.TableCell[]; settled: boolean }) {
    return (
      <tr>
        {row.map((cell, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: cells are only appended
          <td key={index} align={cell.align ?? undefined}>
            {inline(cell.tokens)}
          </td>
        ))}
      </tr>
    );
  },
  (before, after) =>
    !after.settled && before.row.length === after.row.length && before.row.every((cell, index) => cell.text === after.row[index]?.text),
);
