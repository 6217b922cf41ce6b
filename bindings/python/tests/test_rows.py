# SPDX-License-Identifier: BSD-2-Clause
"""What rows may be: arrays read where they lie, missing values, names of levels, data frames of pandas."""

import datetime
import decimal
import math

import aepred
import numpy as np
import pytest
from aepred import Column

COLUMNS = (Column("protocol", ("tcp", "udp")), Column("bytes"))


@pytest.fixture
def pandas():
    return pytest.importorskip("pandas", reason="pandas is not installed")


def model_of(columns=COLUMNS, **options):
    return aepred.Model(columns=columns, missing="impute", epochs=2, **options)


def numbers(model, rows):
    """The float32 array that the library would get."""
    return model._rows(rows)


def traffic(pandas, n=200, seed=1):
    """A frame with a column of each sort, and gaps in most of them."""
    random = np.random.default_rng(seed)
    frame = pandas.DataFrame(
        {
            "protocol": random.choice(["tcp", "udp", "icmp"], n).astype(object),
            "priority": pandas.Categorical(random.integers(1, 4, n), categories=[3, 2, 1]),
            "service": pandas.Series(random.choice(["dns", "http"], n), dtype="string"),
            "bytes": random.normal(size=n),
            "packets": pandas.Series(random.integers(0, 9, n), dtype="Int64"),
            "encrypted": random.integers(0, 2, n).astype(bool),
        }
    )
    frame.loc[0, ["protocol", "priority", "bytes"]] = None
    frame.loc[1, ["service", "packets"]] = pandas.NA
    return frame


# -------------------------------------------------------------------------------------------- without data frames


def test_none_is_a_missing_value():
    model = aepred.Model(2, missing="impute")
    for rows in ([[1, None], [None, 2]], np.array([[1, None], [None, 2]], dtype=object)):
        np.testing.assert_array_equal(numbers(model, rows), [[1, math.nan], [math.nan, 2]])
    with pytest.raises(aepred.NotFiniteError):
        aepred.Model(2).fit_scaling([[1, None], [0, 2]])


def test_missing_values_of_pandas_are_missing_in_any_rows(pandas):
    model = aepred.Model(2, missing="impute")
    rows = [[1, pandas.NA], [pandas.NaT, decimal.Decimal("2.5")]]
    np.testing.assert_array_equal(numbers(model, rows), [[1, math.nan], [math.nan, 2.5]])


def test_masked_values_are_missing():
    model = aepred.Model(2, missing="impute")
    for values in (np.array([[1.0, 2], [3, 4]]), np.array([[1, 2], [3, 4]]), np.array([[1, 2], [3, 4]], np.float32)):
        masked = np.ma.masked_array(values, [[False, True], [False, False]])
        np.testing.assert_array_equal(numbers(model, masked), [[1, math.nan], [3, 4]])
    text = np.ma.masked_array(np.array([["udp", "1"], ["tcp", "2"]], object), [[True, False], [False, True]])
    np.testing.assert_array_equal(numbers(model_of(), text), [[math.nan, 1], [0, math.nan]])


def test_values_that_are_too_large_are_not_called_infinite():
    model = aepred.Model(columns=["a", "b"])
    for rows in ([[1, 2], [3, -1e39]], np.array([[1, 2], [3, -1e39]])):
        with pytest.raises(aepred.NotFiniteError, match=r"^row 1, column 1 \(b\): -1e\+39 is too large for single precision"):
            model.fit_scaling(rows)
        assert model.invalid_cell(rows) == (1, 1)
    with pytest.raises(aepred.NotFiniteError, match=r"row 1, column 1 \(b\): the value is infinite"):
        model.fit_scaling([[1, 2], [3, math.inf]])


def test_text_is_the_name_of_a_level_and_a_number_its_code():
    model = model_of()
    expected = [[1, 7], [0, 8], [2, 9], [math.nan, 1], [1, 2]]
    rows = [["udp", 7], ["tcp", "8"], ["icmp", 9], [None, 1], [1, 2]]
    np.testing.assert_array_equal(numbers(model, rows), expected)
    np.testing.assert_array_equal(numbers(model, np.array(rows, dtype=object)), expected)
    np.testing.assert_array_equal(numbers(model, np.array([["udp", "7"]])), [[1, 7]])


def test_levels_not_declared_are_no_level_or_refused():
    normal = [["tcp", 1], ["udp", 2], ["tcp", 3], ["udp", 1]]
    model, strict = model_of(), model_of(unseen="error")
    for each in (model, strict):
        each.fit(normal)
    assert np.isfinite(model.score([["icmp", 1]])).all()
    with pytest.raises(aepred.LevelError, match="protocol"):
        strict.score([["icmp", 1]])
    with pytest.raises(aepred.LevelError):
        model_of().fit([*normal, ["icmp", 1]])


def test_levels_not_declared_are_named(pandas):
    columns = (Column("svc", ("dns", "http", "ssh")), Column("bytes"))
    normal = pandas.DataFrame({"svc": ["dns", "http", "ssh", "dns"], "bytes": [1.0, 2, 3, 4]})
    other = normal.assign(svc=["dns", "http", "ftp", "ssh"])
    strict = model_of(columns, unseen="error")
    strict.fit(normal)
    says = "row 2, column 0: 'ftp' is not a level of svc: dns, http, ssh"
    for rows in (other, other.astype({"svc": "category"}), other.to_numpy(object), other.to_numpy(object).tolist()):
        for use in (strict.score, strict.calibrate, model_of(columns).fit, model_of(columns).fit_batch):
            with pytest.raises(aepred.LevelError, match=says):
                use(rows)
        assert strict.invalid_cell(rows) == (2, 0)


@pytest.mark.parametrize(
    "columns, error, says",
    [
        ([Column("a")], aepred.ColumnsError, "1 entries, but the rows have 3 columns"),
        (["a"] * 4, aepred.ColumnsError, "columns 0 and 1 have the same name 'a'"),
        ([Column("proto", "tcp"), "b", "c"], TypeError, r"levels of column 0 \(proto\) is 'tcp', but must be a sequence"),
        ({2: Column("a", ["x", "y", "x"])}, ValueError, r"levels of column 2 \(a\): 'x' is there twice"),
        ({2: Column("a", [1, 2])}, TypeError, "1 is no text; write '1'"),
        ({2: Column("a", True)}, TypeError, "levels of column 2"),
        ({2: Column(7)}, TypeError, "the name of column 2 is 7"),
        ("abc", TypeError, "columns is 'abc', but must be"),
        (7, TypeError, "columns is 7, but must be"),
        ([1, 2, 3], TypeError, "column 0 is described by 1"),
        ({2: Column("id", 72000)}, aepred.RangeError, r"column 2 \(id\): 72000 levels; .*; drop the column, or encode it"),
    ],
)
def test_descriptions_that_cannot_be_are_refused(columns, error, says):
    with pytest.raises(error, match=says):
        aepred.Model(3, columns=columns)


def test_names_stand_for_numeric_columns(pandas):
    for names in (["a", "b"], np.array(["a", "b"]), pandas.Index(["a", "b"]), {0: "a", 1: "b"}):
        assert aepred.Model(2, columns=names).columns == (Column("a"), Column("b"))
    assert aepred.Model(columns=pandas.Index(["a", "b"])).n_columns == 2


@pytest.mark.parametrize(
    "rows, error",
    [
        ([["tcp", "many"]], ValueError),
        ([["tcp", {}]], TypeError),
        ([["tcp", 1, 2]], aepred.ColumnsError),
        ([["tcp", 1], ["udp"]], ValueError),
        ([[1j, 0]], TypeError),
        (np.zeros((2, 2), complex), TypeError),
        (np.zeros((2, 2), "datetime64[s]"), TypeError),
        ("tcp", ValueError),
        (None, ValueError),
        (object(), TypeError),
    ],
)
def test_what_cannot_be_rows_is_refused(rows, error):
    model = model_of()
    model.fit([["tcp", 1], ["udp", 2], ["tcp", 3]])
    with pytest.raises(error):
        model.score(rows)


def test_names_that_the_library_cannot_hold_are_refused():
    for column in (Column("a\0b"), Column("a", ("x\0y", "z"))):
        with pytest.raises(ValueError, match="NUL"):
            aepred.Model(columns=[column])
    model = aepred.Model(columns=[Column("a", ("", "b"))])
    assert aepred.Model.from_bytes(model.to_bytes()).columns == (Column("a", ("", "b")),)


def test_the_number_of_columns_follows_from_a_sequence_of_them():
    assert model_of().n_columns == 2
    with pytest.raises(TypeError, match="n_columns is missing"):
        aepred.Model(columns={1: Column("b")})


# --------------------------------------------------------------------------------------------------- data frames


def test_columns_follow_from_the_dtypes_of_a_frame(pandas):
    assert aepred.columns_of(traffic(pandas)) == (
        Column("protocol", ("icmp", "tcp", "udp")),
        Column("priority", ("3", "2", "1")),
        Column("service", ("dns", "http")),
        Column("bytes"),
        Column("packets"),
        Column("encrypted"),
    )
    objects = pandas.DataFrame({"a": [1, None], "b": [None, None], "c": [True, None], "d": ["x", 2]}, dtype=object)
    assert aepred.columns_of(objects) == (Column("a"), Column("b"), Column("c"), Column("d", ("2", "x")))
    assert aepred.columns_of(pandas.DataFrame([[1.0, 2.0]])) == (Column(), Column())


def test_frames_become_codes_and_numbers(pandas):
    frame = traffic(pandas)
    rows = numbers(model_of(aepred.columns_of(frame)), frame)
    assert rows.dtype == np.float32 and rows.flags.c_contiguous
    assert np.isnan(rows).sum() == 5 and np.isnan(rows[0]).sum() == 3 and np.isnan(rows[1]).sum() == 2
    assert rows[2:, 0].tolist() == [["icmp", "tcp", "udp"].index(value) for value in frame["protocol"][2:]]
    assert rows[2:, 1].tolist() == [3 - value for value in frame["priority"][2:]]
    assert rows[2:, 2].tolist() == [["dns", "http"].index(value) for value in frame["service"][2:]]
    np.testing.assert_array_equal(rows[1:, 3], frame["bytes"][1:].to_numpy(np.float32))
    np.testing.assert_array_equal(rows[2:, 4], frame["packets"][2:].to_numpy(np.float32))
    np.testing.assert_array_equal(rows[:, 5], frame["encrypted"].to_numpy(np.float32))


def test_levels_go_by_name_whatever_holds_them(pandas):
    model = model_of((Column("a", ("1", "2", "3")),))
    for values in ([1, 3, 2], [1.0, 3.0, 2.0], ["1", "3", "2"], [np.int8(1), 3, 2.0]):
        for dtype in (None, "category", object):
            frame = pandas.DataFrame({"a": pandas.Series(values, dtype=dtype)})
            np.testing.assert_array_equal(numbers(model, frame), [[0], [2], [1]])
    other_order = pandas.DataFrame({"a": pandas.Categorical([2, 9, None], categories=[9, 2, 1])})
    np.testing.assert_array_equal(numbers(model, other_order), [[1], [3], [math.nan]])


def test_levels_are_kept_by_saving(pandas, tmp_path):
    frame = traffic(pandas)
    model = model_of(aepred.columns_of(frame))
    model.fit(frame)
    model.save(tmp_path / "traffic.aepred")
    for other in (aepred.Model.load(tmp_path / "traffic.aepred"), aepred.Model.from_bytes(model.to_bytes()), model.copy()):
        assert other.columns == model.columns
        np.testing.assert_array_equal(other.score(frame.iloc[:9]), model.score(frame)[:9])


def test_columns_of_another_name_or_number_are_refused(pandas):
    model = model_of()
    with pytest.raises(aepred.ColumnsError, match="column 0 of the data frame is 'bytes'"):
        numbers(model, pandas.DataFrame({"bytes": [1.0], "protocol": ["tcp"]}))
    with pytest.raises(aepred.ColumnsError, match="1 columns"):
        numbers(model, pandas.DataFrame({"protocol": ["tcp"]}))


def test_values_that_are_no_numbers_are_refused_by_the_name_of_their_column(pandas):
    day = datetime.date(2020, 1, 1)
    for values in (["many"], [{}], pandas.to_datetime([day]), pandas.PeriodIndex([day], freq="D"), [day], [1j]):
        frame = pandas.DataFrame({"protocol": ["tcp"], "bytes": values})
        with pytest.raises((TypeError, ValueError), match="bytes"):
            numbers(model_of(), frame)
    assert aepred.columns_of(frame.assign(day=day)) == (Column("protocol", ("tcp",)), Column("bytes"), Column("day"))


def test_levels_that_are_the_same_as_text_are_refused(pandas):
    with pytest.raises(ValueError, match="'a'"):
        aepred.columns_of(pandas.DataFrame({"a": [1, "1"]}))
    with pytest.raises(TypeError, match="DataFrame"):
        aepred.columns_of([[1, 2]])


def test_frames_go_into_every_method(pandas):
    frame = traffic(pandas)
    model = model_of(aepred.columns_of(frame))
    rows = numbers(model, frame)
    model.fit_scaling(frame)
    model.fit_batch(frame)
    model.fit(frame)
    model.calibrate(frame)
    for method in (model.score, model.encode, model.reconstruct, model.explain, model.errors):
        np.testing.assert_array_equal(method(frame), method(rows))
    assert model.invalid_cell(frame) is None


def test_a_frame_of_one_float32_array_is_not_copied(pandas):
    rows = np.zeros((5, 2), np.float32)
    taken = numbers(aepred.Model(2), pandas.DataFrame(rows, copy=False))
    assert taken.ctypes.data == rows.ctypes.data
