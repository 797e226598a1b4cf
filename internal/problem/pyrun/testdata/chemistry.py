from fractions import Fraction
import chemcalc as short
from chem import chemcalc
from chem.chemcalc import (
    chemical_equations_equal, compare_chemical_expression, divide_chemical_expression, render_to_html)
import json
expect("one module", short is chemcalc, True)

for a, b, want in (
    ("H2O + CO2", "O2C + OH2", False),  # the order of atoms counts
    ("H2O + Fe(OH)3 +  CO2", "CO2 + H2O + Fe(OH)3", True),
    ("3H2O +  2CO2", "2CO2 + 3H2O ", True),
    ("2H2O +  3CO2", "2CO2 + 3H2O ", False),
    ("H^+ + OH^-", " OH^- + H^+ ", True),
    ("H^+ + OH^-", " OH^- + H^- ", False),
    ("H^+ + OH^1-", " OH^- + H^+ ", True),
    ("Fe(OH)^2- + (OH)^-", " (OH)^- + Fe(OH)^2- ", True),
    ("7/2H^+ + 3/5OH^-", " 3/5OH^- + 7/2H^+ ", True),
    ("6/2H^+ + OH^-", " OH^- + 3H^+ ", True),
    ("5[Ni(NH3)4]^2+ + 5/2SO4^2-", "5/2SO4^2- + 5[Ni(NH3)4]^2+", True),
    ("H2O(s) + CO2", "H2O+CO2", False),
    ("Co", "CO", False),
    ("5(H1H212)^70010- + 2H20 + H2O", "2H20 + H2O + 5(H1H212)^70011-", False),
):
    expect((a, b), compare_chemical_expression(a, b), want)
expect("phases ignored", compare_chemical_expression("H2O(s) + CO2", "H2O+CO2", ignore_state=True), True)

for a, b, want in (
    ("H2O", "3H2O", Fraction(1, 3)),
    ("2H2O(s) + 2CO2", "H2O(s)+CO2", 2),
    ("3/2CO2 + H2O", "2H2O+3CO2", Fraction(1, 2)),
    ("3/4CO2 + H2O", "2H2O+9/6CO2", Fraction(1, 2)),
    ("6/2CO2 + H2O", "2H2O+9/6CO2", False),
    ("H2O + CO2", "CO2", False),
    ("0H2O", "H2O", False),
    ("H2O", "0H2O", False),
    ("H2O(s) + CO2", "2H2O+2CO2(s)", False),
):
    expect((a, b), divide_chemical_expression(a, b), want)

for a, b, exact, want in (
    ("H2 + O2 -> H2O2", "O2 + H2 -> H2O2", False, True),
    ("H2 + O2 -> H2O2", "2O2 + 2H2 -> 2H2O2", False, True),
    ("H2 + O2 -> H2O2", "2O2 + 2H2 -> 2H2O2", True, False),
    ("H2 + O2 -> H2O2", "O2 + H2 -> H2O2", True, True),
    ("2H2 + O2 -> H2O2", "2O2 + 2H2 -> 2H2O2", False, False),
    ("H2 + O2 -> H2O2", "O2 + H2 -> 2H2O2", False, False),
    ("H2 + O2 -> H2O2", "O2 + H2 <-> H2O2", False, False),
    ("H2 + O2 a-> H2O2", "O2 + H2 -> H2O2", False, False),
    ("H2O( -> H2O2", "H2O -> H2O2", False, False),
    ("H2 + O2 ==> H2O2", "H2 + O2 ==> H2O2", False, False),
    ("H2", "H2", False, False),
    ("1/0H2 -> H2", "H2 -> H2", False, False),
    ("(" * 999 + "H" + ")" * 999 + " -> H", "H -> H", False, False),
):
    expect((a, b), chemical_equations_equal(a, b, exact), want)

for text, want in (
    ("H2O + CO2", "H<sub>2</sub>O+CO<sub>2</sub>"),
    ("Fe(OH)^2- + (OH)^-", "Fe(OH)<sup>2-</sup>+(OH)<sup>-</sup>"),
    ("7/2H^+", "<sup>7</sup>&frasl;<sub>2</sub>H<sup>+</sup>"),
    ("5[Ni(NH3)4]^2+ + SO4^2-", "5[Ni(NH<sub>3</sub>)<sub>4</sub>]<sup>2+</sup>+SO<sub>4</sub><sup>2-</sup>"),
    ("H2O(s)", "H<sub>2</sub>O(s)"),
    ("(Ar)", "(Ar)"),
    ("H^+ + OH^- -> H2O", "H<sup>+</sup>+OH<sup>-</sup>\u2192H<sub>2</sub>O"),
    ("[H^+] <-> (H2O)", "[H<sup>+</sup>]\u2194(H<sub>2</sub>O)"),
    ("5.2H20", '<span class="inline-error inline">5.2H20</span>'),
    ("<b>'\"", '<span class="inline-error inline">&lt;b&gt;&#39;&#34;</span>'),
):
    expect(text, render_to_html(text), '<span class="math">%s</span>' % want)

# Crystals: points and the plane through them.
import miller
from chem.miller import grade
expect("one miller", miller.grade is grade, True)

def plane(points, indices, lattice="bcc"):
    text = json.dumps({"lattice": "bcc", "points": [p.split() for p in points]})
    return grade(text, {"miller": indices, "lattice": lattice})

for points, indices in (
    (("0.50 0 0", "0 0.50 0", "0 0 0.50"), "(2,2,2)"),
    (("1 0 0", "0 1 0", "0 0 1"), "(1,1,1)"),
    (("1 0.50 1", "1 1 0.50", "0.50 1 1"), "(2,2,2)"),
    (("0.33 1 0", "0 0.664 0", "0 1 0.33"), "(-3, 3, -3)"),
    (("0 0.25 0", "0.25 0 0", "0 0 0.25"), "(4,4,4)"),
    (("0 1 0", "1 0 0", "0.50 1 0"), "(0,0,-1)"),  # through the origin
    (("0 1 0.50", "1 0 0.50", "0.50 1 0.50"), "(0,0,2)"),
    (("1 0 1", "0 1 1", "1 0 0"), "(1,1,0)"),
    (("1 0 1", "0 0 0", "0 1 1"), "(1,1,-1)"),
    (("1 0 0.50", "1 1 0", "0 1 0"), "(0,1,2)"),
    (("0 0 0", "0 0 1", "0.50 1 0"), "(2,-1,0)"),
    (("0 0 0", "1 1 0", "0 1 1"), "(1,-1,1)"),
    (("0 0 0", "1 0 1", "1 1 0"), "(-1,1,1)"),
    (("0 0 0", "1 0 0", "1 1 1"), "(0,-1,1)"),
    (("0.66 0 0", "0 0.66 0", "0 0 0.66"), "(3,3,3)"),
    (("0.30 0 0", "0 0.30 0", "0 0 0.30"), "(10,10,10)"),
    (("0 0.01 0", "1 0 0", "0 0 1"), "(0,-1,0)"),
):
    expect((points, indices), plane(points, indices), True)
expect("wrong plane", plane(("0.33 1 0", "0 0.33 0", "0 1 0.33"), "(-6,3,-6)"), False)
expect("few points", plane(("1 0 0", "0 1 0"), "(1,1,1)"), False)
expect("one line", plane(("0 0 0", "0 0 0.5", "0 0 1"), "(1,1,1)"), False)
expect("wrong lattice", plane(("1 0 0", "0 1 0", "0 0 1"), "(1,1,1)", "fcc"), False)

# Shapes of molecules.
from chem.chemtools import vsepr_build_correct_answer, vsepr_grade, vsepr_parse_user_answer

def shape(given, right, peripheral=False):
    def atoms(text):
        return dict(p.split(":") for p in text.split())
    answer = json.dumps({"geometry": "AX6E0", "atoms": atoms(given)})
    return vsepr_grade(vsepr_parse_user_answer(answer),
                       vsepr_build_correct_answer(geometry="AX6E0", atoms=atoms(right)), peripheral)

expect("peripheral", shape("c0:N p0:H p1:(ep) p2:H", "c0:N p0:H p1:H p2:(ep)"), True)
expect("one missing", shape("c0:N p0:H p1:(ep)", "c0:N p0:H p1:H p2:(ep)"), False)
expect("another centre", shape("c0:C p0:H", "c0:N p0:H"), False)
expect("pairs as equatorial", shape("c0:Br a0:t e10:H e11:H e20:(ep) e21:(ep)", "c0:Br a0:t e0:H e1:H e2:(ep) e3:(ep)"), True)
expect("all as peripheral", shape("c0:Br a0:t e10:H e11:(ep)", "c0:Br p0:H p1:t p2:(ep)", True), True)
expect("not peripheral", shape("c0:Br a0:t e10:H", "c0:Br a0:t e0:H", True), False)
for given, want in (
    ("c0:Br a0:(ep) a1:(ep) e10:H e11:H e20:H e21:H", True),
    ("c0:Br a0:H a1:H e10:(ep) e11:(ep) e20:H e21:H", True),
    ("c0:Br a0:H a1:H e10:H e11:H e20:(ep) e21:(ep)", True),
    ("c0:Br a0:H a1:H e10:(ep) e11:H e20:H e21:(ep)", False),
):
    expect(given, shape(given, "c0:Br a0:(ep) a1:(ep) e10:H e11:H e20:H e21:H"), want)
answer = {"geometry": "AX2", "atoms": {"c0": "N"}}
expect("other geometry", vsepr_grade(answer, vsepr_build_correct_answer("AX3", {"c0": "N"})), False)
